import math

import numpy as np
import pytest

from scratchnet.kernels import OPERATIONS

RUNGS = ("reference", "loops")


def forward(name, rung, x, dtype=float):
    x = np.array(x, dtype)
    y = np.full_like(x, np.nan)
    OPERATIONS[f"{name}_forward"].rungs[rung](x, y)
    return y


@pytest.mark.parametrize("rung", RUNGS)
class TestRelu:
    def test_by_hand(self, rung):
        assert forward("relu", rung, [-2, -0.0, 0, 3]).tolist() == [0, 0, 0, 3]

    def test_nan_stays_and_infinity_too(self, rung):
        y = forward("relu", rung, [np.nan, np.inf, -np.inf])
        assert np.isnan(y[0])
        assert y[1:].tolist() == [np.inf, 0]

    def test_no_gradient_at_zero_even_if_infinite(self, rung):
        y, dy, dx = np.array([0.0, 1]), np.array([np.inf, 5]), np.empty(2)
        OPERATIONS["relu_backward"].rungs[rung](y, dy, dx)
        assert dx.tolist() == [0, 5]


@pytest.mark.parametrize("rung", RUNGS)
class TestSigmoid:
    def test_by_hand(self, rung):
        y = forward("sigmoid", rung, [0, math.log(3), -math.log(3)])
        np.testing.assert_allclose(y, [0.5, 0.75, 0.25], rtol=1e-15)

    def test_large_values_neither_overflow_nor_become_nan(self, rung):
        y = forward("sigmoid", rung, [1000, -1000, np.inf, -np.inf], np.float32)
        assert y.tolist() == [1, 0, 1, 0]

    def test_small_results_keep_their_digits(self, rung):
        y = forward("sigmoid", rung, [-40])
        np.testing.assert_allclose(y, math.exp(-40), rtol=1e-14)

    def test_nan_stays(self, rung):
        assert np.isnan(forward("sigmoid", rung, [np.nan])[0])


@pytest.mark.parametrize("rung", RUNGS)
def test_tanh_by_hand(rung):
    y = forward("tanh", rung, [0, math.log(2), -math.log(3), 1000])
    np.testing.assert_allclose(y, [0, 0.6, -0.8, 1], rtol=1e-15)


@pytest.mark.parametrize("rung", RUNGS)
class TestSoftmax:
    def test_by_hand(self, rung):
        y = forward("softmax", rung, [[0, math.log(3)], [7, 7]])
        np.testing.assert_allclose(y, [[0.25, 0.75], [0.5, 0.5]], rtol=1e-15)

    def test_large_logits_do_not_overflow(self, rung):
        y = forward("softmax", rung, [[1e4, 0], [-1e4, -2e4]], np.float32)
        assert y.tolist() == [[1, 0], [1, 0]]

    def test_one_class_is_certain(self, rung):
        assert forward("softmax", rung, [[3], [-5]]).tolist() == [[1], [1]]

    def test_nan_makes_its_row_nan_and_no_other(self, rung):
        y = forward("softmax", rung, [[1, np.nan], [1, 1]])
        assert np.isnan(y[0]).all()
        assert y[1].tolist() == [0.5, 0.5]
