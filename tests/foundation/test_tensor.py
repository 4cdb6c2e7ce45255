"""Results and weights are arrays that have Keras's methods."""

import copy
import pickle

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers
from scratchnet.foundation.tensor import Tensor, Variable, as_tensor, view


def test_a_result_is_an_array_with_numpy():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    x = np.ones((4, 3), np.float32)
    for y in (model(x), model.layers[0](x), model.predict_on_batch(x)):
        assert isinstance(y, Tensor)
        assert type(y.numpy()) is np.ndarray
        np.testing.assert_array_equal(y.numpy(), model.predict(x, verbose=0))
    assert type(model.predict(x, verbose=0)) is np.ndarray


def test_what_is_computed_with_a_tensor_is_one():
    x = as_tensor(np.float32([[1, 2], [3, 4]]))
    for y in (x + 1, 2 * x, x[0], x.T, x.sum(), np.mean(x), np.exp(x), x @ x):
        assert isinstance(y, Tensor)
        assert y.numpy().dtype == np.float32
    assert f"{x.mean():.2f}" == "2.50"
    assert float(x.sum()) == 10
    assert repr(x) == repr(x.numpy())
    assert type(x.sum().numpy()) is np.float32


def test_kernels_get_plain_arrays():
    seen = []

    class Watch(layers.Layer):
        def forward(self, x, *, training):
            seen.append(type(x))
            return x

    Watch()(as_tensor(np.ones((2, 3), np.float32)))
    model = keras.Sequential([keras.Input((3,)), layers.Dense(3), Watch()])
    model(as_tensor(np.ones((2, 3), np.float32)))
    assert seen == [np.ndarray, np.ndarray]
    assert all(type(own) is np.ndarray for own in model.params.values())


def test_weights_by_attribute_are_views():
    dense = layers.Dense(2, name="dense")
    with pytest.raises(AttributeError, match="kernel"):
        _ = dense.kernel
    dense.ensure_built((None, 3))
    dense.kernel.assign(np.ones((3, 2)))
    dense.bias.assign_add([1.0, 2.0])
    dense.bias.assign_sub([0.0, 1.0])
    np.testing.assert_array_equal(dense.params["kernel"], np.ones((3, 2)))
    np.testing.assert_array_equal(dense.params["bias"], [1, 1])
    assert (dense.kernel.name, dense.kernel.path) == ("kernel", "dense/kernel")
    assert repr(dense.bias) == (
        "<Variable path=dense/bias, shape=(2,), dtype=float32, value=[1. 1.]>"
    )
    with pytest.raises(ValueError, match=r"dense/bias.*\(2,\), received \(3,\)"):
        dense.bias.assign(np.ones(3))
    with pytest.raises(AttributeError, match="can't be set"):
        dense.bias.trainable = False


def test_an_absent_weight_is_none():
    for layer, absent, shape in (
        (layers.Dense(2, use_bias=False), ["bias"], (None, 3)),
        (layers.Conv2D(2, 3, use_bias=False), ["bias"], (None, 5, 5, 1)),
        (layers.BatchNormalization(center=False, scale=False), ["gamma", "beta"], ()),
    ):
        layer.ensure_built(shape or (None, 3))
        assert [getattr(layer, name) for name in absent] == [None] * len(absent)
    np.testing.assert_array_equal(layer.moving_variance, np.ones(3))


def test_trainable_is_the_layers():
    norm = layers.BatchNormalization()
    model = keras.Sequential([keras.Input((3,)), norm, layers.Dropout(0.5)])
    assert [one.trainable for one in norm.weights] == [True, True, False, False]
    assert len(model.variables) == 5  # Dropout's seed is one
    assert len(model.non_trainable_variables) == 3
    norm.trainable = False
    assert norm.trainable_variables == []
    assert len(norm.non_trainable_variables) == 4


def test_a_variable_of_ones_own():
    rate = Variable(0.5, name="rate")
    assert rate.dtype == np.float32
    assert type(rate * 2) is Tensor
    assert float(rate.assign(0.25).value) == 0.25
    other = copy.deepcopy(rate)
    other.assign(1.0)
    assert float(rate) == 0.25
    assert other.name == "rate"
    assert pickle.loads(pickle.dumps(rate)).name == "rate"
    x = np.zeros(3)
    assert not np.shares_memory(Variable(x), x)
    assert np.shares_memory(view(x, "x"), x)
    drawn = Variable(keras.initializers.get("ones"), shape=(2,))
    np.testing.assert_array_equal(drawn, [1, 1])
    with pytest.raises(ValueError, match="shape= beside an initializer"):
        Variable(keras.initializers.get("ones"))
