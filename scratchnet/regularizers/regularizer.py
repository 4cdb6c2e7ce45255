"""The contract that every regularizer keeps."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.attributes import OnlyWhatThereIs


class Regularizer(OnlyWhatThereIs):
    """A penalty on an array, which a model's loss has beside that of its targets.

    A subclass writes ``__call__(x)``, which returns the penalty, and ``gradient(x)``,
    which returns ∂penalty/∂x; and `get_config` if it is to be saved.

    Reference: `keras/src/regularizers/regularizers.py`.

    >>> class Fourth(Regularizer):
    ...     def __call__(self, x):
    ...         return np.sum(x**4)
    ...
    ...     def gradient(self, x):
    ...         return 4 * x**3
    >>> float(Fourth()(np.array([1.0, 2.0])))
    17.0
    """

    def __init_subclass__(cls, **more: Any) -> None:
        """Refuse a class written Keras's way, whose penalty would not be learnt."""
        super().__init_subclass__(**more)
        if "__call__" in vars(cls) and "gradient" not in vars(cls):
            raise TypeError(
                f"{cls.__name__}: a regularizer needs a gradient here; write "
                "gradient(self, x), which returns that of __call__(self, x)"
            )

    def __call__(self, x: Any) -> Any:
        """Return the penalty on an array."""
        return 0.0

    def gradient(self, x: np.ndarray) -> Any:
        """Return the gradient of the penalty."""
        return np.zeros_like(x)

    def add_gradient(self, x: np.ndarray, into: np.ndarray, share: float = 1.0) -> None:
        """Add the gradient, times a share, to another of the same shape."""
        into += np.asarray(self.gradient(x) * share, into.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        raise NotImplementedError(
            f"{type(self).__name__}: expected get_config(self) to be written; without "
            "it, the regularizer can't be saved"
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """Make a regularizer from what `get_config` returned."""
        return cls(**config)
