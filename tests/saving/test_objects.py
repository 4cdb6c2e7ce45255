"""Objects as plain data, and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

import scratchnet as keras


def things():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 3, 0.5)
    return [
        keras.layers.Conv2D(3, 2, kernel_regularizer="l2", name="convolution"),
        keras.losses.Huber(delta=0.5),
        keras.metrics.AUC(name="auc"),
        keras.optimizers.Adam(schedule),
        keras.initializers.HeNormal(seed=1),
        keras.regularizers.L2(0.5),
        keras.constraints.MaxNorm(2.0),
        schedule,
    ]


@pytest.mark.parametrize("i", range(len(things())))
def test_an_object_comes_back_as_it_was(i):
    thing = things()[i]
    written = keras.saving.serialize_keras_object({"one": [thing, 3]})
    found = keras.saving.deserialize_keras_object(json.loads(json.dumps(written)))
    (made, three) = found["one"]
    assert three == 3
    assert type(made) is type(thing)
    assert made.get_config() == thing.get_config()


def test_a_layer_of_one_s_own_is_named_by_custom_objects():
    class Twice(keras.Layer):
        def call(self, x):
            return 2 * x

    for write, read in (
        (keras.layers.serialize, keras.layers.deserialize),
        (
            keras.saving.serialize_keras_object,
            keras.saving.deserialize_keras_object,
        ),
    ):
        found = read(write(Twice(name="twice")), custom_objects={"Twice": Twice})
        assert (type(found), found.name) == (Twice, "twice")
        with pytest.raises(ValueError, match="Twice"):
            read(write(Twice()))


def test_a_model_comes_back_compiled():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    written = keras.saving.serialize_keras_object(model)
    found = keras.saving.deserialize_keras_object(written)
    found.fit(np.ones((2, 3)), np.ones((2, 2)), verbose=0)
    assert found.get_config() == model.get_config()
