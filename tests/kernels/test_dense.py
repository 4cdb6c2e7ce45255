import numpy as np
import pytest

from scratchnet.kernels import OPERATIONS

RUNGS = list(OPERATIONS["dense_forward"].rungs)
X = np.arange(6.0).reshape(2, 3)
WEIGHT = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize("rung", RUNGS)
def test_by_hand(rung):
    y, bias = np.full((2, 4), np.nan), np.array([0.0, 1, 2, 3])
    OPERATIONS["dense_forward"].rungs[rung](X, WEIGHT, bias, y)
    assert y.tolist() == [[20, 24, 28, 32], [56, 69, 82, 95]]


@pytest.mark.parametrize("rung", RUNGS)
def test_gradients_by_hand(rung):
    dy = np.array([[1.0, 0, 0, 0], [0, 0, 2, 0]])
    d_weight, d_bias = np.full((3, 4), np.nan), np.full(4, np.nan)
    dx = np.full((2, 3), np.nan)
    OPERATIONS["dense_backward_weight"].rungs[rung](X, dy, d_weight, d_bias)
    OPERATIONS["dense_backward_input"].rungs[rung](dy, WEIGHT, dx)
    assert d_weight.tolist() == [[0, 0, 6, 0], [1, 0, 8, 0], [2, 0, 10, 0]]
    assert d_bias.tolist() == [1, 0, 2, 0]
    assert dx.tolist() == [[0, 4, 8], [4, 12, 20]]


@pytest.mark.parametrize("rung", RUNGS)
def test_overflow_and_nan_pass_without_a_warning(rung):
    x = np.array([[np.inf, 1, 3e38]], np.float32)
    weight = np.array([[0], [np.nan], [10]], np.float32)
    y = np.zeros((1, 1), np.float32)
    with np.errstate(all="warn" if rung != "reference" else "ignore"):
        OPERATIONS["dense_forward"].rungs[rung](x, weight, np.zeros(1, np.float32), y)
    assert np.isnan(y[0, 0])
