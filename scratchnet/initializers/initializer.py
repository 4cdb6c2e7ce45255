"""What makes the first values of a weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.foundation import arguments, random
from scratchnet.foundation.attributes import OnlyWhatThereIs


class Initializer(OnlyWhatThereIs):
    """Makes the first values of a weight.

    One of your own writes ``__call__(self, shape, dtype=None)``, as in Keras, or
    `sample`.

    Args:
        seed: an integer makes every call return the same values; None draws from the
            stream ``initialisation``, which `utils.set_random_seed` resets.
    """

    seed: int | None = None

    def __init__(self, seed: int | None = None) -> None:
        self.seed = arguments.count(type(self).__name__, "seed", seed, None, least=0)

    def __call__(
        self,
        shape: tuple[int, ...],
        dtype: DTypeLike | None = None,
        rng: np.random.Generator | None = None,
    ) -> np.ndarray:
        """Return an array of initial values, float32 by default.

        Values are drawn in float64 and then rounded, so that a float32 and a float64
        model of one seed start at the same point.
        """
        if self.seed is not None:
            rng = np.random.default_rng(self.seed)
        elif rng is None:
            rng = random.stream("initialisation")
        return self.sample(tuple(shape), rng).astype(dtype or np.float32)

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draw float64 values."""
        raise NotImplementedError(f"{type(self).__name__}: sample is not written")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {} if self.seed is None else {"seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """Make an initializer from what `get_config` returned."""
        return cls(**config)

    def clone(self) -> Initializer:
        """Return another with the same settings."""
        return type(self).from_config(self.get_config())


class FromFunction(Initializer):
    """A function of the user's own, called as Keras calls it: ``(shape, dtype)``.

    Attributes:
        written: the function, or an object that is called as one; configurations have
            it in place of this one.
    """

    def __init__(self, written: Callable[..., Any]) -> None:
        self.written = written

    def __call__(
        self,
        shape: tuple[int, ...],
        dtype: DTypeLike | None = None,
        rng: np.random.Generator | None = None,
    ) -> np.ndarray:
        """Return what the function returns.

        Raises:
            ValueError: that has another shape.
        """
        kind = np.dtype(dtype or np.float32)
        values = np.array(self.written(tuple(shape), dtype=kind.name), kind)
        if values.shape != tuple(shape):
            raise ValueError(
                f"{getattr(self.written, '__name__', self.written)}: expected initial "
                f"values of shape {tuple(shape)}, received {values.shape}"
            )
        return values


def from_array(values: np.ndarray) -> FromFunction:
    """Return an initializer that gives these values, for a weight of their shape."""

    def initialize_fn(shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        return values

    return FromFunction(initialize_fn)
