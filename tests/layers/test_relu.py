from __future__ import annotations

import numpy as np

from scratchnet.layers import ReLU
from tests.layers.suite import Case, LayerSuite, refuses


class TestReLU(LayerSuite):
    layer = ReLU
    terms = 1
    cases = (Case({}, (7,), (7,)), Case({}, (2, 3, 4), (2, 3, 4)))

    def expected(self, layer, x, weights):
        return np.where(x > 0, x, 0)


def test_hand_computed_values_and_no_gradient_at_zero():
    layer = ReLU()
    x = np.float32([[-2, -0.0, 0, 3]])
    np.testing.assert_array_equal(layer(x, training=True), [[0, 0, 0, 3]])
    dx = layer.backward(np.float32([[5, 6, 7, 8]]))
    np.testing.assert_array_equal(dx, [[0, 0, 0, 8]])


def test_nan_stays_nan_and_infinity_stays():
    y = ReLU()(np.float32([[np.nan, np.inf, -np.inf]]))
    np.testing.assert_array_equal(y, [[np.nan, np.inf, 0]])


def test_other_kinds_of_relu_are_refused():
    refuses(ReLU, {"max_value": 6}, "max_value=6 is outside")
    refuses(ReLU, {"negative_slope": 0.1}, "negative_slope=0.1 is outside")
    refuses(ReLU, {"threshold": 1.0}, "threshold=1.0 is outside")
    assert ReLU(None, 0, 0.0).name
