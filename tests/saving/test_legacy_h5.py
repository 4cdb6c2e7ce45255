"""Keras's legacy ``.h5`` files: read, written, and refused where they are damaged."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from stand_ins import same_weights

import scratchnet as keras
from scratchnet import layers
from scratchnet.foundation.errors import CheckpointError
from scratchnet.models import load_model

LEGACY = Path(__file__).parents[1] / "keras" / "golden" / "legacy"
MODELS = [path.stem for path in sorted(LEGACY.glob("*_[cgn]*.h5"))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.h5"


def trained(frozen: bool = False) -> keras.Sequential:
    """A model of several kinds of layers, one in it a model, after two epochs."""
    keras.utils.set_random_seed(2)
    inside = keras.Input((6, 6, 3))
    shortcut = layers.Conv2D(3, 1, name="narrow")(inside)
    block = keras.Model(inside, layers.Add()([inside, shortcut]), name="block")
    model = keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            layers.BatchNormalization(trainable=not frozen),
            block,
            layers.Flatten(),
            layers.Dense(2, "softmax", name="top"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = np.random.default_rng(0).random((8, 6, 6, 3), np.float32)
    model.fit(x, np.arange(8) % 2, epochs=2, verbose=0)
    return model


def test_every_kind_of_file_is_there():
    assert len(MODELS) == 6


@pytest.mark.parametrize("name", MODELS)
def test_keras_s_models_predict_what_they_did(name):
    stored = np.load(LEGACY / f"{name}.npz")
    model = load_model(LEGACY / f"{name}.h5")
    found = model.predict(stored["x"], verbose=0)
    # Sums of at most 72 terms of size 1 in float32, in another order, three deep.
    np.testing.assert_allclose(found, stored["y"], atol=1e-6)


@pytest.mark.parametrize("version", ["keras2", "keras3"])
def test_keras_s_training_goes_on(version):
    model = load_model(LEGACY / f"{version}_chain.h5")
    assert model.optimizer.iterations == 2
    assert np.float32(model.optimizer.learning_rate) == np.float32(0.002)
    slots = model.optimizer.get_state()
    assert any(np.any(value) for name, value in slots.items() if "momentum" in name)
    x, y = np.load(LEGACY / f"{version}_chain.npz")["x"], np.arange(20) % 3
    history = model.fit(x, y, verbose=0).history
    assert set(history) == {"loss", "accuracy"}


def test_weights_alone_are_found_by_topology():
    whole = load_model(LEGACY / "keras2_chain.h5")
    good = whole.get_weights()
    for name in ("keras2_weights.h5", "keras2_chain.h5"):
        whole.set_weights([np.zeros_like(weight) for weight in good])
        whole.load_weights(LEGACY / name)
        assert same_weights(whole.get_weights(), good)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_model_comes_back_to_the_bit_and_trains_on(path, frozen):
    model = trained(frozen)
    model.save(path)
    loaded = load_model(path)
    assert same_weights(loaded.get_weights(), model.get_weights())
    x = np.random.default_rng(1).random((8, 6, 6, 3), np.float32)
    for one in (model, loaded):
        one.fit(x, np.arange(8) % 2, shuffle=False, verbose=0)
    assert same_weights(loaded.get_weights(), model.get_weights())
    assert loaded.to_json() == model.to_json()
    other = keras.models.model_from_json(model.to_json())
    other.load_weights(path)
    load_model(path, compile=False)


def test_an_uncompiled_model_stays_uncompiled(path):
    keras.Sequential([keras.Input((3,)), layers.Dense(2)]).save(path)
    assert load_model(path).optimizer is None


def test_checkpoints_of_whole_models_may_be_h5(tmp_path):
    model = trained()
    x = np.random.default_rng(1).random((8, 6, 6, 3), np.float32)
    best = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.h5", monitor="loss", save_best_only=True
    )
    model.fit(x, np.arange(8) % 2, callbacks=[best], verbose=0)
    assert same_weights(load_model(tmp_path / "best.h5").weights, model.weights)
    assert os.listdir(tmp_path) == ["best.h5"]


# What is refused


def changed(path: Path, change: Any) -> str:
    trained().save(path)
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(CheckpointError) as error:
        load_model(path)
    return str(error.value)


def delete(place: str) -> Any:
    return lambda file: file.__delitem__(place)


def describe(key: str, value: Any) -> Any:
    def change(file: h5py.File) -> None:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"][-1]["config"][key] = value
        file.attrs["model_config"] = json.dumps(config)

    return change


def reshape(file: h5py.File) -> None:
    del file["model_weights/top/top/kernel"]
    file["model_weights/top/top/kernel"] = np.zeros((2, 2), np.float32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (delete("model_weights/top/top/bias"), "expected an array, found none"),
        (delete("model_weights/top"), "expected a group 'model_weights/top'"),
        (delete("model_weights"), "holds 0 layers with weights"),
        (reshape, r"weight 'top/kernel' .*expected \(108, 2\) float32, found"),
        (lambda file: file.attrs.pop("model_config"), "found no description of one"),
        (lambda file: file.attrs.modify("model_config", "{"), "damaged"),
        (describe("units", 10**9), "ask for at least"),
        (describe("activation", "swishy"), "unknown activation 'swishy'"),
        (
            lambda file: file["model_weights"].attrs.update(layer_names=["top"]),
            r"holds 1 layers with weights \(top\), 'sequential.*' has 3",
        ),
    ],
)
def test_damage_is_named(path, change, message):
    assert re.search(message, changed(path, change))


def test_every_truncation_is_refused(path):
    trained().save(path)
    content = path.read_bytes()
    for length in range(0, len(content), 4999):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError):
            load_model(path)


def test_another_model_s_weights_change_nothing(path):
    trained().save(path)
    other = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    before = other.get_weights()
    with pytest.raises(CheckpointError, match="belongs to another model"):
        other.load_weights(path)
    assert same_weights(other.get_weights(), before)


def test_a_missing_file_is_a_file_not_found_error(path):
    for missing in (path, path.with_suffix(".keras")):
        with pytest.raises(FileNotFoundError, match="no such file"):
            load_model(missing)
