"""Activation functions: values, derivatives, and how they are found."""

import copy
import pickle

import numpy as np
import pytest

from scratchnet import activations
from tests.keras.golden import compare

NAMES = sorted(activations.ALL)


def test_values_are_those_of_keras():
    # Exponentials differ by an ulp or two between libraries; a row sums up 7.
    compare.assert_agree("activations", 8 * compare.EPSILON)


@pytest.mark.parametrize("name", NAMES)
def test_derivative_follows_from_the_output(name):
    rng = np.random.default_rng(0)
    function = activations.get(name)
    x, dy = rng.normal(size=(2, 5, 6))
    direction, step = rng.normal(size=x.shape), 1e-6
    y, dx = np.empty_like(x), np.empty_like(x)
    function.forward(x, y)
    function.backward(y, dy, dx)
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


def test_arguments_outside_the_subset_are_refused():
    x = np.eye(3)
    assert np.array_equal(activations.softmax(x, axis=-1), activations.softmax(x))
    with pytest.raises(NotImplementedError, match="softmax: axis=0 is outside"):
        activations.softmax(x, axis=0)
    with pytest.raises(NotImplementedError, match=r"relu: max_value=6\.0 is outside"):
        activations.relu(x, max_value=6.0)
    with pytest.raises(NotImplementedError, match=r"relu: negative_slope=0\.1 is out"):
        activations.relu(x, 0.1)
    with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
        activations.tanh(x, axis=-1)
    with pytest.raises(ValueError, match="softmax: expected at least one dimension"):
        activations.softmax(1.0)


def test_arguments_by_position_are_those_of_keras():
    x = np.array([[1.0, -2.0]])
    assert np.array_equal(activations.softmax(x, -1), activations.softmax(x))
    assert np.array_equal(activations.relu(x, 0.0, None, 0), [[1.0, 0.0]])


@pytest.mark.parametrize("name", NAMES)
def test_copies_and_pickles_are_the_same_object(name):
    function = activations.get(name)
    assert copy.deepcopy(function) is function
    assert pickle.loads(pickle.dumps(function)) is function
    assert repr(function) == f"<scratchnet.activations.{name}>"
