from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from scratchnet import activations
from scratchnet.layers import Activation
from tests.layers.suite import Case, LayerSuite, refuses

ORACLES = {
    "linear": lambda x: x,
    "relu": lambda x: (x + np.abs(x)) / 2,
    "sigmoid": special.expit,
    "tanh": lambda x: 1 - 2 * special.expit(-2 * x),
    "softmax": lambda x: special.softmax(x, axis=-1),
    "log_softmax": lambda x: special.log_softmax(x, axis=-1),
    "gelu": lambda x: x * special.ndtr(x),  # whose slope needs x
    "selu": lambda x: (
        1.0507009873554805
        * (np.maximum(x, 0) + 1.6732632423543772 * np.expm1(np.minimum(x, 0)))
    ),
}


class TestActivation(LayerSuite):
    layer = Activation
    terms = 8
    cases = tuple(
        Case({"activation": name}, shape, shape)
        for name in ORACLES
        for shape in ((6,), (2, 3, 4))
    )

    def expected(self, layer, x, weights):
        return ORACLES[layer.activation.name](x)


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_values_overflow_nowhere(name, dtype):
    x = np.array([[-1e4, -90.0, -1.0, 0.0, 1.0, 90.0, 1e4]], dtype)
    layer = Activation(name, dtype=dtype)
    y = layer(x, training=True)
    expected = ORACLES[name](x.astype(np.float64))
    eps = np.finfo(dtype).eps
    # tanh and sigmoid lose some digits near their limits, none of 1 itself.
    np.testing.assert_allclose(y, expected, rtol=8 * eps, atol=8 * eps)
    assert np.isfinite(layer.backward(np.ones_like(x))).all()


@pytest.mark.parametrize("name", ORACLES)
def test_a_function_may_be_given_instead_of_a_name(name):
    function = getattr(activations, name)
    assert Activation(function).activation is function
    assert Activation(function).get_config()["activation"] == name


def test_no_name_of_a_function_suggests_the_nearest():
    refuses(Activation, {"activation": "sigmiod"}, "did you mean 'sigmoid'")
    with pytest.raises(TypeError, match=r"expected a name or .*received 3"):
        Activation(3)
