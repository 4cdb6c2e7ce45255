"""Initial values from a distribution whose width is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.initializers.initializer import Initializer


class RandomUniform(Initializer):
    """U(minval, maxval)."""

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(seed)
        who = type(self).__name__
        self.minval = arguments.real(who, "minval", minval)
        self.maxval = arguments.real(who, "maxval", maxval)
        if self.maxval < self.minval:
            raise ValueError(
                f"{who}: expected maxval to be at least minval, received "
                f"minval={minval!r} and maxval={maxval!r}"
            )

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draw from the interval."""
        return rng.uniform(self.minval, self.maxval, shape)

    def get_config(self) -> dict[str, Any]:
        """Return the bounds and the seed."""
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class RandomNormal(Initializer):
    """N(mean, stddev²), not truncated."""

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(seed)
        who = type(self).__name__
        self.mean = arguments.real(who, "mean", mean)
        self.stddev = arguments.non_negative(who, "stddev", stddev)

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draw from the normal distribution."""
        return rng.normal(self.mean, self.stddev, shape)

    def get_config(self) -> dict[str, Any]:
        """Return mean, standard deviation and seed."""
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class TruncatedNormal(RandomNormal):
    """N(mean, stddev²), drawn again where it is more than two stddev off.

    What remains has a standard deviation of 0.88 stddev.
    """

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draw from the truncated distribution."""
        return self.mean + self.stddev * truncated(shape, rng)


def truncated(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw from N(0, 1), again where it is beyond ±2."""
    values = rng.standard_normal(shape)
    while np.any(outside := np.abs(values) > 2):
        values[outside] = rng.standard_normal(np.count_nonzero(outside))
    return values
