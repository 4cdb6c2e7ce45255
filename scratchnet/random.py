"""Random arrays under Keras's names, for what is done to data outside a model.

Inside a model, layers draw: `Dropout`, `GaussianNoise` and those that augment images.

Reference: `keras/src/random/random.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from scratchnet.config import floatx
from scratchnet.foundation import lookup
from scratchnet.foundation.arguments import is_integer
from scratchnet.foundation.tensor import Tensor, as_tensor

__all__ = [
    "beta",
    "binomial",
    "categorical",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]


def normal(
    shape: Iterable[int],
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: Any = None,
    seed: int | None = None,
) -> Tensor:
    """Return numbers of a normal distribution.

    Args:
        shape: of the result.
        mean: of the distribution.
        stddev: its standard deviation.
        dtype: by default `config.floatx`.
        seed: an integer gives the same numbers each time; None goes on with those that
            `utils.set_random_seed` started.

    >>> normal((2, 3), seed=1).shape
    (2, 3)
    """
    return _as(_draws(seed).normal(mean, stddev, _shape("normal", shape)), dtype)


def truncated_normal(
    shape: Iterable[int],
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: Any = None,
    seed: int | None = None,
) -> Tensor:
    """Return numbers of a normal distribution, none further than 2 σ from the mean.

    >>> bool(abs(truncated_normal((50,), seed=1)).max() < 2)
    True
    """
    draws = _draws(seed)
    values = draws.normal(size=_shape("truncated_normal", shape))
    while (outside := np.abs(values) > 2).any():
        values[outside] = draws.normal(size=outside.sum())
    return _as(values * stddev + mean, dtype)


def uniform(
    shape: Iterable[int],
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: Any = None,
    seed: int | None = None,
) -> Tensor:
    """Return numbers that are equally likely everywhere in [minval, maxval).

    Raises:
        ValueError: dtype is one of integers: those are `randint`'s.
    """
    if np.dtype(dtype or floatx()).kind != "f":
        raise ValueError(
            f"random.uniform: expected a dtype of real numbers, received {dtype!r}; "
            "integers come from random.randint"
        )
    return _as(_draws(seed).uniform(minval, maxval, _shape("uniform", shape)), dtype)


def randint(
    shape: Iterable[int],
    minval: int,
    maxval: int,
    dtype: Any = "int32",
    seed: int | None = None,
) -> Tensor:
    """Return integers from minval to maxval − 1.

    >>> sorted(set(randint((50,), 2, 5, seed=1).tolist()))
    [2, 3, 4]
    """
    return _as(_draws(seed).integers(minval, maxval, _shape("randint", shape)), dtype)


def gamma(
    shape: Iterable[int], alpha: Any, dtype: Any = None, seed: int | None = None
) -> Tensor:
    """Return numbers of a gamma distribution of shape alpha and scale 1."""
    return _as(_draws(seed).gamma(alpha, size=_shape("gamma", shape)), dtype)


def beta(
    shape: Iterable[int],
    alpha: Any,
    beta: Any,
    dtype: Any = None,
    seed: int | None = None,
) -> Tensor:
    """Return numbers of a beta distribution, such as mixup's λ."""
    return _as(_draws(seed).beta(alpha, beta, _shape("beta", shape)), dtype)


def binomial(
    shape: Iterable[int],
    counts: Any,
    probabilities: Any,
    dtype: Any = None,
    seed: int | None = None,
) -> Tensor:
    """Return how many of ``counts`` trials succeed."""
    size = _shape("binomial", shape)
    return _as(_draws(seed).binomial(counts, probabilities, size), dtype)


def categorical(
    logits: Any, num_samples: int, dtype: Any = "int32", seed: int | None = None
) -> Tensor:
    """Draw classes of which the logits are given.

    Args:
        logits: of shape (N, classes).
        num_samples: how many are drawn of each row.
        dtype: of the result, which has shape (N, num_samples).
        seed: as of `normal`.

    >>> categorical([[0.0, -1e9]], 3).tolist()
    [[0, 0, 0]]
    """
    logits = np.asarray(logits, np.float64)[:, np.newaxis]
    # The greatest of logits with Gumbel's noise is drawn with softmax's probability.
    noise = _draws(seed).gumbel(size=(logits.shape[0], num_samples, logits.shape[2]))
    return _as((logits + noise).argmax(axis=-1), dtype)


def shuffle(x: Any, axis: int = 0, seed: int | None = None) -> Tensor:
    """Return a copy, in a random order along an axis.

    >>> sorted(shuffle([3, 1, 2]).tolist())
    [1, 2, 3]
    """
    return as_tensor(_draws(seed).permutation(np.asarray(x), axis=axis))


def _draws(seed: int | None) -> np.random.Generator:
    if seed is None:
        seed = np.random.randint(2**31)  # noqa: NPY002 - which Keras seeds, too
    return np.random.default_rng(int(seed))


def _shape(who: str, shape: Iterable[int]) -> tuple[int, ...]:
    sizes = tuple(shape)
    if not all(map(is_integer, sizes)):
        raise ValueError(
            f"random.{who}: expected a shape of integers, received {sizes}; inside a "
            "model, layers draw: GaussianNoise, Dropout"
        )
    return tuple(map(int, sizes))


def _as(values: Any, dtype: Any) -> Tensor:
    return as_tensor(np.asarray(values).astype(dtype or floatx()))


__getattr__ = lookup.missing_attribute(__name__, __all__)
