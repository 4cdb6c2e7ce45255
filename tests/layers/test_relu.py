from __future__ import annotations

import numpy as np
import pytest

from scratchnet import activations
from scratchnet.layers import ReLU
from tests.layers.suite import Case, LayerSuite, refuses


class TestReLU(LayerSuite):
    layer = ReLU
    terms = 1
    cases = (
        Case({}, (7,), (7,)),
        Case({}, (2, 3, 4), (2, 3, 4)),
        Case({"max_value": 6}, (7,), (7,)),
        Case({"negative_slope": 0.25}, (7,), (7,)),
        Case({"max_value": 0.5, "negative_slope": 0.25, "threshold": 0.1}, (7,), (7,)),
    )

    def expected(self, layer, x, weights):
        y = np.where(x > layer.threshold, x, 0)
        if layer.max_value is not None:
            y = np.minimum(y, layer.max_value)
        return y - layer.negative_slope * np.maximum(layer.threshold - x, 0)


def test_hand_computed_values_and_no_gradient_at_zero():
    layer = ReLU()
    x = np.float32([[-2, -0.0, 0, 3]])
    np.testing.assert_array_equal(layer(x, training=True), [[0, 0, 0, 3]])
    dx = layer.backward(np.float32([[5, 6, 7, 8]]))
    np.testing.assert_array_equal(dx, [[0, 0, 0, 8]])


def test_nan_stays_nan_and_infinity_stays():
    y = ReLU()(np.float32([[np.nan, np.inf, -np.inf]]))
    np.testing.assert_array_equal(y, [[np.nan, np.inf, 0]])
    y = ReLU(max_value=2.0, threshold=1.0)(np.float32([[np.nan, np.inf, -np.inf]]))
    np.testing.assert_array_equal(y, [[np.nan, 2, 0]])


def test_the_plainest_kernel_does_it():
    assert ReLU().activation is activations.relu
    assert ReLU(negative_slope=0.5).operation == "leaky_relu"
    assert ReLU(6.0).operation == "relu6"


@pytest.mark.parametrize("name", ["max_value", "negative_slope", "threshold"])
def test_negative_numbers_are_refused(name):
    refuses(ReLU, {name: -1}, f"relu: expected {name} to be a number of at least 0")
