from __future__ import annotations

import numpy as np
import pytest

from scratchnet import activations
from scratchnet.layers import Dense, LeakyReLU
from tests.layers.suite import Case, LayerSuite, refuses


class TestLeakyReLU(LayerSuite):
    layer = LeakyReLU
    terms = 1
    cases = (
        Case({}, (7,), (7,)),
        Case({"negative_slope": 0.0}, (7,), (7,)),
        Case({"negative_slope": 1.5}, (2, 3, 4), (2, 3, 4)),
    )

    def expected(self, layer, x, weights):
        return np.maximum(x, 0) + layer.negative_slope * np.minimum(x, 0)


def test_hand_computed_values_and_the_slope_at_zero():
    layer = LeakyReLU(0.5)
    x = np.float32([[-2, -0.0, 0, 3]])
    np.testing.assert_array_equal(layer(x, training=True), [[-1, 0, 0, 3]])
    dx = layer.backward(np.float32([[5, 6, 7, 8]]))
    np.testing.assert_array_equal(dx, [[2.5, 3, 3.5, 8]])


def test_keras_has_one_default_for_the_layer_and_another_for_the_function():
    assert LeakyReLU().negative_slope == 0.3
    assert activations.leaky_relu(-1.0) == np.float32(-0.2)
    assert activations.leaky_relu(-1.0, 0.5) == np.float32(-0.5)
    assert Dense(2, activation="leaky_relu").activation is activations.leaky_relu


def test_another_slope_does_not_pass_for_the_default_one():
    function = activations.leaky_relu.with_settings(negative_slope=0.5)
    dense = Dense.from_config(Dense(2, activation=function).get_config())
    assert dense.activation.settings == {"negative_slope": 0.5}


def test_the_old_name_of_the_slope_is_told():
    with pytest.raises(TypeError, match=r"negative_slope now; write LeakyReLU\(0\.1\)"):
        LeakyReLU(alpha=0.1)


@pytest.mark.parametrize("slope", [-0.1, np.nan, np.inf, "a", None])
def test_slopes_that_make_no_sense_are_refused(slope):
    refuses(LeakyReLU, {"negative_slope": slope}, "negative_slope to be a number of at")
