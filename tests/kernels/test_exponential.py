"""Exponentials, against NumPy's in more digits (np.longdouble)."""

import numpy as np
import pytest

from scratchnet.kernels.machine.compile import compiled
from scratchnet.kernels.machine.exponential import exp, exp_minus_one

DTYPES = (np.float32, np.float64)


@compiled
def all_exp(x, y):
    for i in range(x.size):
        y[i] = exp(x[i])


@compiled
def all_exp_minus_one(x, y):
    for i in range(x.size):
        y[i] = exp_minus_one(x[i])


def applied(function, x):
    y = np.full_like(x, 7)
    function(x, y)
    return y


def arguments(dtype, rng):
    """Draw from where results are subnormal to where they are infinite, and near 0."""
    limits = np.finfo(dtype)
    ends = np.log(2) * (limits.minexp - limits.nmant - 6), np.log(2) * limits.maxexp + 5
    parts = (
        rng.uniform(*ends, 50_000),
        rng.uniform(-1, 1, 50_000),
        rng.normal(0, 1e-3, 10_000),
        np.log(2) * np.arange(-30, 30),  # between one k and the next
        np.log(2) * (np.arange(-30, 30) + 0.5),
    )
    return np.concatenate(parts).astype(dtype)


@pytest.mark.skipif(
    np.finfo(np.longdouble).nmant <= 52, reason="no type with more digits here"
)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("function", "oracle", "units"),
    [(all_exp, np.exp, 1.1), (all_exp_minus_one, np.expm1, 2)],
)
def test_last_place(function, oracle, units, dtype):
    x = arguments(dtype, np.random.default_rng(5))
    with np.errstate(over="ignore", under="ignore"):
        exact = oracle(x.astype(np.longdouble))
        rounded = exact.astype(dtype)
    y = applied(function, x)
    finite = np.isfinite(rounded)
    assert (y[~finite] == np.inf).all()
    unit = np.spacing(np.abs(rounded[finite])).astype(np.longdouble)
    assert (np.abs(y[finite] - exact[finite]) / unit).max() <= units


@pytest.mark.parametrize("dtype", DTYPES)
def test_ends(dtype):
    x = np.array([np.nan, np.inf, -np.inf, 0, 1e4, -1e4], dtype)
    np.testing.assert_equal(applied(all_exp, x), [np.nan, np.inf, 0, 1, np.inf, 0])
    np.testing.assert_equal(
        applied(all_exp_minus_one, x), [np.nan, np.inf, -1, 0, np.inf, -1]
    )
