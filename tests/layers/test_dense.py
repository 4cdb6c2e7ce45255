from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import Dense
from tests.layers.suite import Case, LayerSuite, RefusesShapes, refuses


def activate(name, z):
    if name == "softmax":
        exponentials = np.exp(z)
        return exponentials / exponentials.sum(axis=-1, keepdims=True)
    functions = {
        None: lambda z: z,
        "linear": lambda z: z,
        "relu": lambda z: (z + np.abs(z)) / 2,
        "tanh": lambda z: 1 - 2 / (np.exp(2 * z) + 1),
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    }
    return functions[name](z)


class TestDense(RefusesShapes, LayerSuite):
    layer = Dense
    terms = 32
    cases = (
        Case({"units": 4}, (6,), (4,), {"kernel": (6, 4), "bias": (4,)}),
        Case({"units": 5, "use_bias": False}, (3,), (5,), {"kernel": (3, 5)}),
        Case({"units": 1}, (1,), (1,), {"kernel": (1, 1), "bias": (1,)}),
        Case({"units": 17}, (33,), (17,), {"kernel": (33, 17), "bias": (17,)}),
        Case({"units": 2}, (4, 3), (4, 2), {"kernel": (3, 2), "bias": (2,)}),
        *(
            Case(
                {"units": 4, "activation": name},
                (6,),
                (4,),
                {"kernel": (6, 4), "bias": (4,)},
            )
            for name in ("relu", "tanh", "sigmoid", "softmax")
        ),
    )
    bad_shapes = (({"units": 2}, (3,), r"expected input \(N, \.\.\., I\), received"),)

    def expected(self, layer, x, weights):
        z = np.einsum("...i,io->...o", x, weights["kernel"])
        return activate(layer.activation.name, z + weights.get("bias", 0))


def test_hand_computed_values():
    layer = Dense(2, dtype="float64")
    layer.ensure_built((None, 3))
    layer.set_weights([np.arange(6).reshape(3, 2), np.array([10, 20])])
    x = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]])
    y = layer.forward(x, training=True)
    # 1·0 + 2·2 + 3·4 + 10 = 26; 1·1 + 2·3 + 3·5 + 20 = 42; and so on.
    np.testing.assert_array_equal(y, [[26, 42], [12, 22]])
    dx = layer.backward(np.array([[1.0, 0.0], [0.0, 2.0]]))
    np.testing.assert_array_equal(dx, [[0, 2, 4], [2, 6, 10]])
    np.testing.assert_array_equal(layer.grads["kernel"], [[1, 0], [2, -2], [3, 2]])
    np.testing.assert_array_equal(layer.grads["bias"], [1, 2])


def test_glorot_uniform_kernel_and_zero_bias_by_default():
    layer = Dense(200)
    layer.ensure_built((None, 100), np.random.default_rng(0))
    limit = np.sqrt(6 / 300)
    kernel = layer.params["kernel"]
    assert np.abs(kernel).max() <= limit
    assert np.abs(kernel).max() > 0.99 * limit
    # The mean of 20,000 values of U(-L, L) has deviation L / sqrt(3 * 20,000).
    assert abs(kernel.mean()) < 5 * limit / np.sqrt(60_000)
    np.testing.assert_array_equal(layer.params["bias"], 0)


def test_initializers_are_used():
    layer = Dense(2, kernel_initializer="ones", bias_initializer="ones")
    layer.ensure_built((None, 3))
    np.testing.assert_array_equal(layer.params["kernel"], 1)
    np.testing.assert_array_equal(layer.params["bias"], 1)


@pytest.mark.parametrize("units", [0, -1, 2.0, 2.5, True, "3", None])
def test_units_must_be_a_positive_whole_number(units):
    refuses(Dense, {"units": units}, "expected a positive integer for units")


@pytest.mark.parametrize(
    "name",
    [
        "lora_rank",
        "lora_alpha",
        "quantization_config",
    ],
)
def test_arguments_outside_the_subset_are_refused_by_name(name):
    refuses(Dense, {"units": 2, name: 1}, f"{name}=1 is outside scratchnet's subset")
    assert Dense(2, **{name: None}).units == 2


def test_unknown_activation_suggests_the_nearest():
    refuses(Dense, {"units": 2, "activation": "rlu"}, "did you mean 'relu'")


def test_the_one_sided_large_softmax_does_not_overflow():
    layer = Dense(3, activation="softmax", kernel_initializer="ones")
    y = layer([[1e4]])
    np.testing.assert_allclose(y, 1 / 3, rtol=1e-6)
