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


def test_blas_overflows_and_meets_nan_without_a_warning():
    x = np.array([[np.inf, 1, 3e38], [0, 0, 3e38]], np.float32)
    weight = np.array([[0], [np.nan], [10]], np.float32)
    y, bias = np.zeros((2, 1), np.float32), np.zeros(1, np.float32)
    d_weight, d_bias, dx = np.empty_like(weight), bias.copy(), np.empty_like(x)
    dy = np.full((2, 1), 3e38, np.float32)
    with np.errstate(all="warn"):  # and warnings are errors
        OPERATIONS["dense_forward"].rungs["blas"](x, weight, bias, y)
        OPERATIONS["dense_backward_weight"].rungs["blas"](x, dy, d_weight, d_bias)
        OPERATIONS["dense_backward_input"].rungs["blas"](dy, weight, dx)
    assert np.isnan(y).all()
    assert d_bias.tolist() == [np.inf]


@pytest.mark.parametrize("rung", OPERATIONS["dense_backward_weight"].rungs)
def test_without_samples_the_gradients_are_zero(rung):
    x, dy = np.empty((0, 5), np.float32), np.empty((0, 3), np.float32)
    d_weight, d_bias = np.ones((5, 3), np.float32), np.ones(3, np.float32)
    OPERATIONS["dense_backward_weight"].rungs[rung](x, dy, d_weight, d_bias)
    assert not d_weight.any()
    assert not d_bias.any()
