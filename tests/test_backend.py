"""keras.backend and keras.config: settings that work, and those that say no."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import backend as K  # noqa: N812 - as notebooks do


@pytest.fixture(autouse=True)
def as_before():
    yield
    keras.config.set_floatx("float32")
    keras.config.enable_interactive_logging()


def small_model():
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(2, 3, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_defaults_are_kerass():
    assert K.image_data_format() == "channels_last"
    assert (K.floatx(), K.epsilon(), K.backend()) == ("float32", 1e-7, "numpy")
    assert K.floatx is keras.config.floatx


def test_float64_for_all_that_is_made_from_here_on():
    before = small_model()
    K.set_floatx("float64")
    model = small_model()
    x = np.random.default_rng(0).random((8, 6, 6, 1))
    history = model.fit(x, np.arange(8) % 3, verbose=0)
    assert np.isfinite(history.history["loss"][0])
    assert {weights.dtype.name for weights in model.get_weights()} == {"float64"}
    assert model.predict(x, verbose=0).dtype == np.float64
    assert {weights.dtype.name for weights in before.get_weights()} == {"float32"}
    assert K.standardize_dtype(None) == "float64"


@pytest.mark.parametrize(
    ("function", "value", "words"),
    [
        (
            K.set_floatx,
            "float16",
            "or 'float64', received 'float16'",
        ),
        (K.set_image_data_format, "channels_first", r"x\.transpose\(0, 2, 3, 1\)"),
        (K.set_epsilon, 1e-3, "compiled into the losses"),
    ],
)
def test_what_cannot_be_set_is_refused(function, value, words):
    with pytest.raises(ValueError, match=words):
        function(value)


def test_what_is_so_already_may_be_set():
    K.set_image_data_format("channels_last")
    K.set_epsilon(1e-7)


def test_names_are_counted_as_layers_count_theirs():
    K.clear_session()
    assert [K.get_uid("dense"), K.get_uid("dense"), K.get_uid("other")] == [1, 2, 1]
    assert keras.layers.Dense(1).name == "dense_2"
    K.clear_session()
    assert keras.layers.Dense(1).name == "dense"


def test_values_are_read_and_written():
    variable = keras.Variable(0.5)
    K.set_value(variable, 0.25)
    assert (K.get_value(variable), float(variable)) == (0.25, 0.25)
    values = K.get_value(variable)
    K.set_value(variable, 1.0)
    assert values == 0.25  # a copy
    with pytest.raises(TypeError, match="assign the attribute itself"):
        K.set_value(0.001, 0.1)


def test_a_weight_is_written_in_place():
    model = small_model()
    kernel = model.layers[0].kernel
    K.set_value(kernel, np.ones(kernel.shape))
    assert np.array_equal(model.get_weights()[0], np.ones((3, 3, 1, 2), "float32"))


def test_without_interactive_logging_lines_go_to_the_logger(capsys, caplog):
    keras.config.disable_interactive_logging()
    assert not keras.config.is_interactive_logging_enabled()
    x = np.zeros((4, 6, 6, 1), np.float32)
    with caplog.at_level(logging.INFO, "scratchnet"):
        small_model().fit(x, np.zeros(4), epochs=2)
    assert capsys.readouterr().out == ""
    lines = [record.message for record in caplog.records]
    assert lines[0] == "Epoch 1/2" and lines[1].startswith("1/1 - ")


def test_a_metric_written_with_functions_of_arrays():
    def recall(y_true, y_pred):
        hits = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
        return hits / (K.sum(K.cast(y_true, "float32")) + K.epsilon())

    y_true, y_pred = np.array([1.0, 1, 0, 1]), np.array([0.9, 0.2, 0.8, 0.6])
    assert recall(y_true, y_pred) == pytest.approx(2 / 3)
    with pytest.raises(AttributeError, match=r"scratchnet\.backend has no 'gradients'"):
        K.gradients(0, 0)


def test_shapes_and_dtypes():
    assert K.int_shape(keras.Input((4, 5, 3))) == (None, 4, 5, 3)
    assert K.is_float_dtype("float64") and not K.is_float_dtype("int32")
    assert K.is_int_dtype(np.uint8) and not K.is_int_dtype("float32")
