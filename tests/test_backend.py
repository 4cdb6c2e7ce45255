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


def test_losses_are_written_with_the_backends_functions():
    rng = np.random.default_rng(0)
    t, p = rng.integers(0, 2, (5, 3)).astype(float), rng.uniform(0.1, 0.9, (5, 3))
    expected = -np.where(t == 1, np.log(p), np.log(1 - p))
    np.testing.assert_allclose(K.binary_crossentropy(t, p), expected, rtol=1e-12)
    logits = np.log(p / (1 - p))
    given = K.binary_crossentropy(t, logits, from_logits=True)
    np.testing.assert_allclose(given, expected, rtol=1e-12)
    length = np.linalg.norm(K.l2_normalize(p, axis=-1), axis=-1)
    np.testing.assert_allclose(length, 1, rtol=1e-12)

    def loss(y_true, y_pred):
        return K.mean(K.binary_crossentropy(y_true, K.batch_flatten(y_pred)), axis=-1)

    results = []
    for one in (loss, "binary_crossentropy"):
        keras.utils.set_random_seed(1)
        model = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(3, "sigmoid", dtype="float64")]
        )
        model.compile("sgd", one)
        model.fit(p @ rng.normal(size=(3, 4)) * 0 + 1.5, t, epochs=3, verbose=0)
        results.append(model.get_weights())
    for own, named in zip(*results, strict=True):
        np.testing.assert_allclose(own, named, rtol=1e-10)


def test_variables_through_the_backend():
    one, two = K.variable([1.0, 2.0]), K.variable(3.0)
    K.batch_set_value([(one, [4.0, 5.0]), (two, 6.0)])
    assert [value.tolist() for value in K.batch_get_value([one, two])] == [[4, 5], 6]
    assert (K.count_params(one), K.ndim(two), K.dtype(one)) == (2, 0, "float32")
    assert K.eval(two) == 6


@pytest.mark.parametrize(
    ("draw", "mean", "deviation"),
    [
        (lambda n, seed: keras.random.normal((n,), 2.0, 3.0, seed=seed), 2, 3),
        (lambda n, seed: keras.random.uniform((n,), -1.0, 5.0, seed=seed), 2, 3**0.5),
        (lambda n, seed: keras.random.randint((n,), 0, 4, seed=seed), 1.5, 1.25**0.5),
        (lambda n, seed: keras.random.gamma((n,), 4.0, seed=seed), 4, 2),
        (lambda n, seed: keras.random.beta((n,), 1.0, 1.0, seed=seed), 0.5, 12**-0.5),
        (lambda n, seed: keras.random.binomial((n,), 9, 0.5, seed=seed), 4.5, 1.5),
        # Of a normal distribution cut at 2 σ: σ² = 1 − 4 φ(2) / (Φ(2) − Φ(−2)).
        (lambda n, seed: keras.random.truncated_normal((n,), seed=seed), 0, 0.8796),
        # Logits of 1/4 and 3/4.
        (
            lambda n, seed: keras.random.categorical(
                np.log([[1.0, 3.0]]), n, seed=seed
            )[0],
            0.75,
            0.1875**0.5,
        ),
    ],
)
def test_random_numbers_have_their_distributions_moments(draw, mean, deviation):
    n = 40_000
    values = draw(n, 1)
    assert values.numpy().shape == (n,)
    assert abs(values.mean() - mean) < 5 * deviation / n**0.5
    assert abs(values.std() / deviation - 1) < 0.05
    assert (draw(9, 4) == draw(9, 4)).all() and not (draw(9, 4) == draw(9, 5)).all()
    keras.utils.set_random_seed(2)
    first = draw(9, None)
    assert not (draw(9, None) == first).all()
    keras.utils.set_random_seed(2)
    assert (draw(9, None) == first).all()


def test_random_arrays_are_shuffled_along_an_axis_and_have_the_dtype_asked_for():
    x = np.arange(12).reshape(3, 4)
    shuffled = keras.random.shuffle(x, axis=1, seed=0)
    assert not (shuffled == x).all()
    assert sorted(map(tuple, shuffled.T)) == sorted(map(tuple, x.T))
    assert keras.random.normal((2,)).dtype == np.float32
    assert keras.random.normal((2,), dtype="float64").dtype == np.float64
    assert keras.random.randint((2,), 0, 3).dtype == np.int32
    with pytest.raises(ValueError, match=r"integers come from random\.randint"):
        keras.random.uniform((2,), 0, 9, dtype="int32")
    with pytest.raises(ValueError, match=r"received \(None, 3\); inside a model"):
        keras.random.normal(keras.Input((3,)).shape)
