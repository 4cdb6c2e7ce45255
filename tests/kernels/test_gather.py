import numpy as np
import pytest

from scratchnet.kernels import OPERATIONS

RUNGS = ("reference", "loops")
KINDS = (np.uint8, np.int16, np.int64, np.float32, np.float64)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rung", RUNGS)
def test_rows_are_picked_in_order_and_cast(rung, kind):
    x, y = np.arange(12, dtype=kind).reshape(4, 3), np.empty((3, 3), np.float32)
    OPERATIONS["gather"].rungs[rung](x, np.array([3, 0, 3]), 1.0, y)
    assert y.tolist() == [[9, 10, 11], [0, 1, 2], [9, 10, 11]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rung", RUNGS)
def test_every_pixel_is_scaled_in_the_type_of_the_result(rung, dtype):
    x, y = np.arange(256, dtype=np.uint8)[None], np.empty((1, 256), dtype)
    OPERATIONS["gather"].rungs[rung](x, np.array([0]), 1 / 255, y)
    assert np.array_equal(y, x.astype(dtype) * dtype(1 / 255))


@pytest.mark.parametrize("rung", RUNGS)
def test_a_memory_map_is_read_as_it_is(rung, tmp_path):
    np.save(tmp_path / "x.npy", np.arange(12, dtype=np.uint8).reshape(4, 3))
    x = np.load(tmp_path / "x.npy", mmap_mode="r").view(np.ndarray)
    y = np.empty((1, 3))
    OPERATIONS["gather"].rungs[rung](x, np.array([2]), 1.0, y)
    assert y.tolist() == [[6, 7, 8]]


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", [0, 1, 1023, 1024, 2047, 2999])
def test_first_non_finite_says_where(rung, bad, where):
    y = np.full((10, 300), 3e38, np.float32)  # any sum would be infinite
    y.reshape(-1)[where] = bad
    y.reshape(-1)[-1] = np.nan
    assert OPERATIONS["first_non_finite"].rungs[rung](y) == where


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("size", [0, 1, 1024, 5000])
def test_first_non_finite_finds_nothing_in_finite_arrays(rung, size):
    y = np.full(size, np.finfo(np.float64).max)
    assert OPERATIONS["first_non_finite"].rungs[rung](y) == -1
