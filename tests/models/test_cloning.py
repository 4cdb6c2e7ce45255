"""Models made again: the same graph, with weights and perhaps layers of their own."""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers, ops

X = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)


class Net(keras.Model):
    def __init__(self, units=2):
        super().__init__()
        self.units = units
        self.top = layers.Dense(units)

    def call(self, x):
        return self.top(x)

    def get_config(self):
        return {"units": self.units}


def stack():
    return keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.ReLU()])


def drawn():
    """A shared layer, a model in the model, an operation, a call in training."""
    start, shared = keras.Input((4,), name="start"), layers.Dense(4)
    x = shared(start)
    y = stack()(shared(x))
    dropped = layers.Dropout(0.0)(ops.maximum(x, 0.1), training=True)
    return keras.Model(start, {"y": y, "x": dropped}, name="drawn")


def late():
    return keras.Sequential([layers.Dense(2)])


def traced():
    return Net(3)


@pytest.mark.parametrize("make", [stack, drawn, late, traced])
@pytest.mark.parametrize("recursive", [False, True])
def test_a_clone_computes_the_same_with_the_same_weights(make, recursive):
    model = make()
    if make is not drawn:
        model.compile("adam", "mse")
    clone = keras.models.clone_model(model, recursive=recursive)
    assert (clone.optimizer is None) == (make is drawn)
    assert clone.name == model.name or make is traced
    first, second = model(X), clone(X)
    if make is drawn:
        first, second = first["y"], second["y"]
    assert not np.array_equal(first, second)
    if make is not late:  # whose input has the next default name
        assert clone.get_config() == model.get_config()
    assert not set(map(id, clone.layers)) & set(map(id, model.layers))
    clone.set_weights(model.get_weights())
    again = clone(X)["y"] if make is drawn else clone(X)
    np.testing.assert_array_equal(first, again)


def test_layers_calls_and_inputs_may_be_others():
    model, asked = drawn(), []

    def clone(layer):
        asked.append(layer.class_name)
        return layer

    def call(layer, *inputs, **settings):
        made = layer(*inputs, **settings)
        return layers.Rescaling(2.0)(made) if layer.class_name == "ReLU" else made

    start = keras.Input((4,))
    doubled = keras.models.clone_model(model, start, clone, call)
    assert sorted(asked) == ["Dense", "Dropout", "Sequential"]
    np.testing.assert_array_equal(doubled(X)["y"], model(X)["y"])
    assert doubled.inputs[0] is start
    frozen = keras.models.clone_model(stack(), keras.Input((4,)), lambda one: one)
    assert frozen.built
    single = keras.Model(start, layers.ReLU()(layers.Dense(4)(start)))
    twice = keras.models.clone_model(single, None, lambda one: one, call)
    np.testing.assert_array_equal(twice(X), 2 * single(X))


def test_what_has_no_meaning_is_named():
    start = keras.Input((4,))
    for model, settings, message in (
        (stack(), {"call_function": print}, "call_function with a Model"),
        (Net(), {"clone_function": print}, "makes its own layers"),
        (drawn(), {"input_tensors": [start, start]}, "as the inputs of Functional"),
    ):
        with pytest.raises(ValueError, match=message):
            keras.models.clone_model(model, **settings)


def test_default_names_count_the_graphs_of_stacks():
    keras.backend.clear_session()
    model = stack()
    model.add(layers.Dense(2))
    model.pop()
    unbuilt = late()
    start = keras.Input((4,))
    assert keras.Model(start, unbuilt(start)).name == "functional_4"
