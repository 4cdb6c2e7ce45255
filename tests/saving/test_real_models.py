"""The same promises with real models: Keras's predictions, and training resumed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from stand_ins import same_weights

import scratchnet as keras
from scratchnet import layers
from scratchnet.foundation.errors import CheckpointError

GOLDEN = Path(__file__).parents[1] / "keras" / "golden"


def keras_conv() -> keras.Sequential:
    """The model of make_weights_h5.py, line by line."""
    return keras.Sequential(
        [
            keras.Input((12, 12, 2)),
            layers.Rescaling(0.5),
            layers.Conv2D(4, 3, activation="relu", name="first"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Conv2D(6, 3, padding="same", strides=2, use_bias=False),
            layers.BatchNormalization(scale=False),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(8, activation="tanh"),
            layers.BatchNormalization(center=False),
            layers.Dropout(0.5),
            layers.Dense(5, activation="softmax"),
        ]
    )


def keras_dense() -> keras.Sequential:
    return keras.Sequential(
        [
            layers.Flatten(input_shape=(4, 3)),
            layers.Dense(6, activation="relu", use_bias=False),
            layers.Dense(5, activation="softmax"),
        ]
    )


# Length of the sums between input and output: an output of at most 1 is off by no more
# than one rounding for each of their terms.
@pytest.mark.parametrize(
    ("name", "make", "terms"),
    [
        ("keras_conv", keras_conv, 3 * 3 * 2 + 3 * 3 * 4 + 54 + 8 + 5),
        ("keras_dense", keras_dense, 12 + 6 + 5),
    ],
)
def test_keras_s_weights_give_keras_s_predictions(name, make, terms):
    model = make()
    model.load_weights(GOLDEN / f"{name}.weights.h5")
    with np.load(GOLDEN / f"{name}.npz") as golden:
        x, y = golden["x"], golden["y"]
    tolerance = terms * np.finfo("float32").eps
    np.testing.assert_allclose(model.predict(x, verbose=0), y, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", ["a.npz", "a.weights.h5"])
def test_weights_come_back_to_the_bit_in_another_model(tmp_path, name):
    saved, loaded = keras_conv(), keras_conv()
    before = loaded.get_weights()
    saved.save_weights(tmp_path / name)
    loaded.load_weights(tmp_path / name)
    assert same_weights(loaded.get_weights(), saved.get_weights())
    assert not same_weights(loaded.get_weights(), before)


@pytest.mark.parametrize("name", ["a.npz", "a.weights.h5"])
def test_weights_of_another_model_are_refused(tmp_path, name):
    keras_conv().save_weights(tmp_path / name)
    model = keras_dense()
    before = model.get_weights()
    with pytest.raises(CheckpointError, match="another model"):
        model.load_weights(tmp_path / name)
    assert same_weights(model.get_weights(), before)


@pytest.mark.parametrize("optimizer", ["adam", keras.optimizers.SGD(0.1, 0.9)])
def test_training_goes_on_from_an_h5_file_as_if_never_stopped(tmp_path, optimizer):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((32, 4, 3)).astype("float32")
    y = np.eye(5, dtype="float32")[rng.integers(0, 5, 32)]

    def fit(model: keras.Sequential, x: np.ndarray, y: np.ndarray) -> None:
        model.fit(x, y, batch_size=8, epochs=1, shuffle=False, verbose=0)

    def compiled() -> keras.Sequential:
        model = keras_dense()
        config = keras.optimizers.get(optimizer)
        model.compile(type(config)(**config.get_config()), "categorical_crossentropy")
        return model

    straight = compiled()
    fit(straight, x, y)
    straight.save_weights(tmp_path / "a.weights.h5")
    fit(straight, x, y)

    resumed = compiled()
    fit(resumed, x[::-1], y)  # other steps; without any, there are no slots to fill
    resumed.load_weights(tmp_path / "a.weights.h5")
    assert resumed.optimizer.iterations == 4
    fit(resumed, x, y)
    assert same_weights(resumed.get_weights(), straight.get_weights())


def test_a_gradient_gone_wrong_does_not_replace_good_weights(tmp_path):
    model = keras_dense()
    model.save_weights(tmp_path / "a.npz")
    good = (tmp_path / "a.npz").read_bytes()
    weights = model.get_weights()
    weights[0][0, 0] = np.nan
    model.set_weights(weights)
    with pytest.raises(CheckpointError, match="not saved: weight 'kernel' of Dense"):
        model.save_weights(tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == good
