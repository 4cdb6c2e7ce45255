import numpy as np
import pytest

from scratchnet.kernels.machine import simd
from scratchnet.kernels.machine.compile import compiled
from scratchnet.kernels.machine.processor import VECTOR_BYTES
from scratchnet.kernels.machine.simd import (
    copy,
    fill,
    larger,
    load,
    not_below_zero,
    store,
    where_larger,
)

DTYPES = (np.float32, np.float64)


def lanes(dtype):
    return VECTOR_BYTES // np.dtype(dtype).itemsize


@pytest.mark.parametrize("dtype", DTYPES)
def test_copy_of_every_length_writes_nothing_else(dtype):
    x = np.arange(1, 3 * lanes(dtype) + 3).astype(dtype)
    for count in range(2 * lanes(dtype) + 2):
        y = np.zeros_like(x)
        copy(x, 1, y, 2, count)
        assert np.array_equal(y[2 : 2 + count], x[1 : 1 + count])
        assert not y[:2].any()
        assert not y[2 + count :].any()


@compiled
def transpose(x, at, step, rows, columns, y, to, gap):
    simd.transpose(x, at, step, rows, columns, y, to, gap)


@pytest.mark.parametrize("dtype", DTYPES)
def test_transpose_of_every_size_writes_nothing_else(dtype):
    largest = 2 * lanes(dtype) + 1
    step, gap = largest + 2, largest + 3  # rows with something between them
    x = np.arange(1, step * largest + 2).astype(dtype)
    for rows in range(1, largest + 1):
        for columns in range(1, largest + 1):
            y = np.zeros(1 + gap * largest, dtype)
            transpose(x, 1, step, rows, columns, y, 1, gap)
            expected = np.zeros_like(y)
            matrix = x[1:].reshape(largest, step)[:rows, :columns]
            expected[1:].reshape(largest, gap)[:columns, :rows] = matrix.T
            assert np.array_equal(y, expected), (rows, columns)


@compiled
def compare(a, b, results):
    """Write, row by row, what each comparison makes of a and b."""
    count = len(a)
    own, other = load(a, 0, count), load(b, 0, count)
    yes, no = fill(a, 1.0), fill(a, 0.0)
    store(results[0], 0, count, where_larger(own, other, yes, no))
    store(results[1], 0, count, larger(own, other))
    store(results[2], 0, count, not_below_zero(own))
    store(results[3], 0, count, -own)


@pytest.mark.parametrize("dtype", DTYPES)
def test_comparisons_of_corner_values(dtype):
    corners = [np.nan, -np.inf, np.inf, 0.0, -0.0, 1.0, -2.0]
    for other in corners:
        a = np.array(corners[: lanes(dtype)], dtype)
        b, results = np.full_like(a, other), np.full((4, len(a)), np.nan, dtype)
        compare(a, b, results)
        assert np.array_equal(results[0], a > b)
        assert np.array_equal(results[1], np.maximum(a, b), equal_nan=True)
        assert np.array_equal(results[2], np.maximum(a, 0), equal_nan=True)
        assert np.array_equal(results[3], -a, equal_nan=True)
        assert np.array_equal(np.signbit(results[3]), ~np.signbit(a))
