"""Initial values of weights.

    GlorotUniform   U(−L, L), L = √(6 / (fan_in + fan_out))
    GlorotNormal    truncated N(0, σ²), σ² = 2 / (fan_in + fan_out)
    HeUniform       U(−L, L), L = √(6 / fan_in)
    HeNormal        truncated N(0, σ²), σ² = 2 / fan_in

``fan_in`` is how many inputs one output sums over, ``fan_out`` how many outputs one
input reaches: in × out for a dense kernel (in, out); KH·KW·C and KH·KW·CO for a
convolution kernel (KH, KW, C, CO).

References: Glorot and Bengio (2010); He et al. (2015), equation 10;
`keras/src/initializers/random_initializers.py`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.foundation import arguments, lookup, random
from scratchnet.foundation.outside import keras_signature

# The standard deviation of N(0, 1) cut off at ±2: dividing by it gives the truncated
# distribution the variance that was asked for.
TRUNCATED_DEVIATION = 0.87962566103423978


class Initializer:
    """Makes the first values of a weight.

    Args:
        seed: an integer makes every call return the same values; None draws from the
            stream ``initialisation``, which `utils.set_random_seed` resets.
    """

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
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"seed": self.seed}


class Zeros(Initializer):
    """All values 0."""

    def __init__(self) -> None:
        super().__init__()

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return zeros."""
        return np.zeros(shape)

    def get_config(self) -> dict[str, Any]:
        """Return nothing."""
        return {}


class Ones(Zeros):
    """All values 1."""

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return ones."""
        return np.ones(shape)


class RandomUniform(Initializer):
    """U(minval, maxval)."""

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(seed)
        self.minval, self.maxval = float(minval), float(maxval)

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
        self.mean, self.stddev = float(mean), float(stddev)

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draw from the normal distribution."""
        return rng.normal(self.mean, self.stddev, shape)

    def get_config(self) -> dict[str, Any]:
        """Return mean, standard deviation and seed."""
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


@keras_signature
class _VarianceScaling(Initializer):
    """Zero mean, and a variance of scale / fan."""

    scale, mode = 1.0, "fan_avg"

    def variance(self, shape: tuple[int, ...]) -> float:
        """Return the variance that a weight of this shape is to have."""
        fan_in, fan_out = compute_fans(shape)
        fan = fan_in if self.mode == "fan_in" else (fan_in + fan_out) / 2
        return self.scale / max(1.0, fan)


class _ScaledUniform(_VarianceScaling):
    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draw from U(−L, L), whose variance is L²/3."""
        limit = math.sqrt(3 * self.variance(shape))
        return rng.uniform(-limit, limit, shape)


class _ScaledNormal(_VarianceScaling):
    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draw from a normal distribution cut off at two standard deviations."""
        deviation = math.sqrt(self.variance(shape)) / TRUNCATED_DEVIATION
        return deviation * _truncated(shape, rng)


class GlorotUniform(_ScaledUniform):
    """U(−L, L), L = √(6 / (fan_in + fan_out)): Keras's default for kernels."""


class GlorotNormal(_ScaledNormal):
    """Truncated normal with σ² = 2 / (fan_in + fan_out)."""


class HeUniform(_ScaledUniform):
    """U(−L, L), L = √(6 / fan_in): for ReLU, which halves the variance."""

    scale, mode = 2.0, "fan_in"


class HeNormal(_ScaledNormal):
    """Truncated normal with σ² = 2 / fan_in."""

    scale, mode = 2.0, "fan_in"


def compute_fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return (fan_in, fan_out) of a kernel's shape, channels last.

    >>> compute_fans((3, 3, 32, 64))
    (288, 576)
    """
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def _truncated(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    values = rng.standard_normal(shape)
    while np.any(outside := np.abs(values) > 2):
        values[outside] = rng.standard_normal(np.count_nonzero(outside))
    return values


ALL = {
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "zeros": Zeros,
    "ones": Ones,
}

# Keras's second names: these only in `get`, those of `ALL` in the module, too.
ALIASES = {
    "normal": RandomNormal,
    "uniform": RandomUniform,
    "zero": Zeros,
    "one": Ones,
}
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
he_uniform, he_normal = HeUniform, HeNormal
random_normal, random_uniform = RandomNormal, RandomUniform
zeros, ones = Zeros, Ones


def get(identifier: Any) -> Initializer:
    """Return an initializer by name, or the one given.

    Raises:
        ValueError: the name is unknown.
        TypeError: the identifier is neither a name nor an `Initializer`.
    """
    if isinstance(identifier, str) and identifier in ALIASES:
        identifier = ALIASES[identifier]()
    return lookup.find("initializer", identifier, ALL, Initializer)


__getattr__ = lookup.missing_attribute(
    __name__, [*(found.__name__ for found in ALL.values()), "Initializer"]
)
