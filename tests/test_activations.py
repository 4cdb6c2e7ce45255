"""Activation functions: values, derivatives, and how they are found."""

import copy
import pickle

import numpy as np
import pytest
from scipy import special

from scratchnet import activations, kernels, layers
from tests.keras.golden import compare

NAMES = sorted(activations.ALL)


def test_values_are_those_of_keras():
    # Exponentials differ by an ulp or two between libraries; a row sums up 7.
    compare.assert_agree("activations", 8 * compare.EPSILON)


@pytest.mark.parametrize("name", NAMES)
def test_derivative_agrees_with_differences(name):
    rng = np.random.default_rng(0)
    function = activations.get(name)
    x, dy = rng.normal(size=(2, 5, 6))
    direction, step = rng.normal(size=x.shape), 1e-6
    y, dx = np.empty_like(x), np.empty_like(x)
    function.forward(x, y)
    function.backward(x if function.needs_input else y, dy, dx)
    difference = function(x + step * direction) - function(x - step * direction)
    numeric = (difference * dy).sum() / (2 * step)
    # The difference quotient: step² from the truncation, eps / step from rounding.
    assert (dx * direction).sum() == pytest.approx(numeric, abs=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_output_may_take_the_place_of_the_input(name):
    x = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
    function = activations.get(name)
    expected = function(x)
    function.forward(x, x)
    assert np.array_equal(x, expected)


@pytest.mark.parametrize("name", NAMES)
def test_call_returns_a_new_array(name):
    x = np.random.default_rng(2).normal(size=(4, 3))
    before = x.copy()
    first = activations.get(name)(x)
    kept = first.copy()
    activations.get(name)(x + 1)
    assert np.array_equal(x, before)
    assert np.array_equal(first, kept)
    assert not np.shares_memory(first, x)


def test_float64_stays_and_the_rest_becomes_float32():
    assert activations.tanh(np.ones(1)).dtype == np.float64
    for x in ([1.0, 2.0], 3, np.arange(3), np.ones(2, np.float16)):
        assert activations.tanh(x).dtype == np.float32


def test_shape_is_kept():
    transposed = np.arange(6.0).reshape(2, 3).T
    assert np.array_equal(activations.relu(transposed), transposed)
    assert activations.relu(-2.0).shape == ()
    assert activations.softmax(np.zeros((2, 3, 4))).sum() == pytest.approx(6)


def test_softmax_neither_overflows_nor_loses_its_sum():
    y = activations.softmax(np.array([[1e4, 0, -1e4], [-1e4, -1e4, -1e4]]))
    assert np.array_equal(y[0], [1, 0, 0])
    assert y[1] == pytest.approx(1 / 3)


def test_nan_is_not_hidden():
    for name in NAMES:
        assert np.isnan(activations.get(name)(np.array([np.nan, 1.0])))[0]


def test_get_finds_names_and_objects():
    assert activations.get(None) is activations.linear
    assert activations.get("relu") is activations.relu
    assert activations.get(activations.tanh) is activations.tanh
    with pytest.raises(
        ValueError, match=r"unknown activation 'rleu'; did you mean 're"
    ):
        activations.get("rleu")
    with pytest.raises(TypeError, match="activation: expected a name or an object"):
        activations.get(np.tanh)
    with pytest.raises(TypeError, match="activation: expected a name or an object"):
        activations.get(3)


def test_arguments_are_those_of_keras():
    x = np.array([[1.0, -2.0, 8.0]])
    assert np.array_equal(activations.softmax(x, -1), activations.softmax(x))
    assert np.array_equal(activations.relu(x, 0.0, None, 0), [[1, 0, 8]])
    assert np.array_equal(activations.relu(x, 0.5, 6.0), [[1, -1, 6]])
    assert np.array_equal(activations.relu(x, threshold=1.0), [[0, 0, 8]])
    assert np.array_equal(activations.threshold(x, 2, -1), [[-1, -1, 8]])
    with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
        activations.tanh(x, axis=-1)
    with pytest.raises(TypeError, match="missing a required argument: 'threshold'"):
        activations.threshold(x)
    with pytest.raises(ValueError, match="softmax: expected at least one dimension"):
        activations.softmax(1.0)
    with pytest.raises(ValueError, match=r"expected an axis of 2 dimensions, .*axis=2"):
        activations.softmax(x, axis=2)
    with pytest.raises(ValueError, match=r"elu: expected alpha .* received -1"):
        activations.elu(x, alpha=-1)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("axis", [0, 1, -1, (0, 2), [1, 2], None])
def test_any_axis(name, axis):
    rng = np.random.default_rng(3)
    x, dy = rng.normal(size=(2, 3, 4, 5))
    axes = tuple(axis) if isinstance(axis, list) else axis
    function = activations.get(name).with_settings(axis=axis)
    expected = getattr(special, name)(x, axis=axes)
    np.testing.assert_allclose(function(x), expected, rtol=1e-13)
    dx = np.empty_like(x)
    function.backward(expected, dy, dx)
    if name == "softmax":
        total = (dy * expected).sum(axis=axes, keepdims=True)
        wanted = expected * (dy - total)
    else:
        wanted = dy - np.exp(expected) * dy.sum(axis=axes, keepdims=True)
    np.testing.assert_allclose(dx, wanted, rtol=1e-11, atol=1e-13)


def relu_of_keras(x, negative_slope, max_value, threshold):
    """Return what Keras's code does, in its order."""
    y = np.where(x > threshold, x, 0)
    if max_value is not None:
        y = np.clip(y, 0, max_value)
    return y - negative_slope * np.maximum(threshold - x, 0)


@pytest.mark.parametrize("negative_slope", [0.0, 0.25])
@pytest.mark.parametrize("max_value", [None, 6.0, 2.0])
@pytest.mark.parametrize("threshold", [0.0, 0.5, -0.5])
def test_relu_with_arguments(negative_slope, max_value, threshold):
    x = np.linspace(-3, 8, 45)
    settings = negative_slope, max_value, threshold
    y = activations.relu(x, *settings)
    np.testing.assert_allclose(y, relu_of_keras(x, *settings), rtol=1e-15)


# SciPy's words for those that no formula of a line says.
ORACLES = {
    "sigmoid": special.expit,
    "tanh": np.tanh,
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "selu": lambda x: 1.05070098735548 * np.where(x > 0, x, 1.67326324 * np.expm1(x)),
    "gelu": lambda x: x * special.ndtr(x),
    "silu": lambda x: x * special.expit(x),
    "mish": lambda x: x * np.tanh(np.logaddexp(0, x)),
    "softplus": lambda x: np.logaddexp(0, x),
    "log_sigmoid": special.log_expit,
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "relu6": lambda x: np.clip(x, 0, 6),
    "softsign": lambda x: x / (1 + abs(x)),
    "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
    "exponential": np.exp,
    "celu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "hard_shrink": lambda x: np.where(abs(x) > 0.5, x, 0),
    "soft_shrink": lambda x: np.sign(x) * np.maximum(abs(x) - 0.5, 0),
    "sparse_plus": lambda x: np.where(x < 1, np.maximum(x + 1, 0) ** 2 / 4, x),
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
}


def test_every_formula_has_an_oracle():
    own = {"bounded_relu", "approximate_gelu", "threshold"}
    assert set(ORACLES) == set(kernels.FORMULAS) - own


@pytest.mark.parametrize("name", ORACLES)
def test_values_are_those_of_numpy_and_scipy(name):
    x = np.concatenate([np.linspace(-30, 30, 601), [-1e-9, 1e-9]])
    y = activations.get(name)(x)
    np.testing.assert_allclose(y, ORACLES[name](x), rtol=1e-8, atol=1e-14)


def test_gelu_by_a_hyperbolic_tangent():
    x = np.linspace(-6, 6, 121)
    u = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    y = activations.gelu(x, approximate=True)
    np.testing.assert_allclose(y, x * (1 + np.tanh(u)) / 2, rtol=1e-9, atol=1e-15)


def test_second_names_and_layers_stand_for_their_functions():
    assert activations.get("swish") is activations.swish is activations.silu
    assert activations.get("hard_swish") is activations.hard_silu
    assert activations.get(layers.ReLU()) is activations.relu
    dense = layers.Dense(2, activation=layers.LeakyReLU(0.5))
    assert dense.activation(np.array([-2.0])) == -1
    config = dense.get_config()
    assert config["activation"]["class_name"] == "LeakyReLU"
    assert config["activation"]["config"] == {"negative_slope": 0.5}
    assert layers.Dense.from_config(config).activation(np.array([-2.0])) == -1
    again = pickle.loads(pickle.dumps(dense.activation))
    assert again.settings == {"negative_slope": 0.5}


def test_names_go_into_configurations_and_back():
    for name in NAMES:
        assert activations.serialize(activations.get(name)) == name
        assert activations.deserialize(name) is activations.get(name)
    assert activations.serialize("swish") == "silu"


def of(package, name):
    def function(x):
        return x

    function.__module__, function.__name__ = package, name
    return function


def test_functions_of_other_libraries_are_found_by_their_names():
    found = activations.get(of("tensorflow.python.ops.nn_impl", "swish"))
    assert found is activations.silu
    found = activations.get(of("tensorflow.python.ops.nn_ops", "log_softmax_v2"))
    assert found is activations.log_softmax
    assert activations.get(of("torch.nn.functional", "mish")) is activations.mish


def test_a_function_of_ones_own_is_refused_with_what_to_write():
    with pytest.raises(TypeError, match="gradient is not known here; write one of lin"):
        activations.get(lambda x: x * x)
    with pytest.raises(TypeError, match=r"write 'leaky_relu', or layers.LeakyReLU\("):
        activations.get(lambda x: np.leaky_relu(x, 0.1))  # tf.nn's, in notebooks
    with pytest.raises(TypeError, match="gradient is not known"):  # its slope is 0.01
        activations.get(of("torch.nn.functional", "leaky_relu"))


@pytest.mark.parametrize("name", NAMES)
def test_copies_and_pickles_are_the_same_object(name):
    function = activations.get(name)
    assert copy.deepcopy(function) is function
    assert pickle.loads(pickle.dumps(function)) is function
    assert repr(function) == f"<scratchnet.activations.{name}>"
