"""The study's script for Keras, and whether its models are scratchnet's models."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments import train
from experiments.equivalence import keras_reference, records
from experiments.protocol import DIGITS, NEW_ORDER, RESNET20, SAME_ORDER, STUDY, Trial
from experiments.train import DivergedError

pytest.importorskip("tensorflow", reason="needs the extra 'reference'")
pytest.importorskip("keras", reason="needs the extra 'reference'")

# TensorFlow's tensors know NumPy 1's protocol; Keras copies them while it saves.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't")

ROOT = Path(__file__).resolve().parents[3]

# What says nothing about the arithmetic.
NOT_COMPARED = {"name", "dtype", "trainable"}


@pytest.fixture(scope="module")
def keras():
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    return keras


@pytest.mark.parametrize("model", ["ann", "basic_cnn", "deeper_cnn"])
@pytest.mark.parametrize(("shape", "classes"), [((28, 28, 1), 10), ((32, 32, 3), 100)])
def test_the_models_are_the_same_layer_by_layer(model, shape, classes, keras):
    trial = Trial("fashion_mnist", model, 0, STUDY)
    theirs = keras_reference.build(keras, trial, shape, classes)
    ours = train.build(model, shape, classes)
    assert theirs.count_params() == ours.count_params()
    assert len(theirs.layers) == len(ours.layers)
    for their_layer, our_layer in zip(theirs.layers, ours.layers, strict=True):
        assert type(their_layer).__name__ == type(our_layer).__name__
        expected, found = plain(their_layer.get_config()), plain(our_layer.get_config())
        compared = found.keys() - NOT_COMPARED
        assert {n: found[n] for n in compared} == {n: expected[n] for n in compared}
        assert [w.shape for w in our_layer.get_weights()] == [
            w.shape for w in their_layer.get_weights()
        ]


def test_resnet20_is_the_same_function_of_its_weights(keras):
    # Its shortcuts are written in other words there: layer by layer says nothing.
    trial = Trial("cifar100", "resnet20", 0, RESNET20)
    theirs = keras_reference.build(keras, trial, (32, 32, 3), 100)
    ours = train.build("resnet20", (32, 32, 3), 100, augmentation=True)
    rng = np.random.default_rng(0)
    weights = [
        value if value.ndim > 1 else rng.uniform(0.5, 1.5, value.shape)
        for value in ours.get_weights()
    ]
    weights[-2] *= 0.05  # the last kernel, so that softmax favours no class much
    ours.set_weights(weights)
    theirs.layers[-1].set_weights(weights)
    images = rng.integers(0, 256, (5, 32, 32, 3)).astype("float32")
    found = ours.predict(images, verbose=0)
    assert found.max() < 0.9
    np.testing.assert_allclose(found, theirs.predict(images, verbose=0), rtol=1e-4)
    assert float(sum(ours.losses)) == pytest.approx(float(sum(theirs.losses)), rel=1e-5)
    assert [layer.name for layer in ours.layers][:3] == [
        layer.name for layer in theirs.layers
    ][:3]


def plain(config):
    """Return a configuration with Keras's initializers by their names alone."""
    return {
        name: value["class_name"] if isinstance(value, dict) else as_list(value)
        for name, value in config.items()
    }


def as_list(value):
    return list(value) if isinstance(value, tuple) else value


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The records of a quick run of two seeds on digits, and what it printed."""
    path = tmp_path_factory.mktemp("reference") / "keras.jsonl"
    return path, script(path, "--seeds", "2")


def script(path, *words):
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "experiments.equivalence.keras_reference",
                "--quick",
            ),
            *("--dataset", "digits", "--models", "ann", "--out", str(path)),
            *words,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_run_leaves_a_record(reference):
    path, out = reference
    record, _ = records.read(path)
    assert record["library"] == "keras"
    assert record["parameters"] == 109_386
    assert record["epochs"] == 2 and record["best_epoch"] in (0, 1)
    assert record["quick"] is True and record["protocol"]["epochs"] == 2
    assert {len(values) for values in record["history"].values()} == {2}
    assert set(record["history"]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert len(record["epoch_seconds"]) == 2
    assert {"keras", "numpy", "python"} <= set(record["environment"])
    assert record["environment"]["threads"] == 1
    assert record["data"]["source"] == "scikit-learn"
    assert "digits-ann-seed-0-quick: test accuracy 0." in out


@pytest.mark.parametrize("order", [NEW_ORDER, SAME_ORDER])
def test_every_epoch_has_all_images_in_an_order_of_its_own(keras, order):
    # The same order for all: what Keras's own fit does where a seed is set. Should that
    # change, --same-order and what is said about it can go.
    seen = []

    class Model(keras.Sequential):
        def train_step(self, data):
            seen.append(data[0].numpy().ravel().tolist())
            return super().train_step(data)

    def orders(seed):
        keras.utils.set_random_seed(seed)
        model = Model([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", run_eagerly=True)
        samples = np.arange(10, dtype="float32").reshape(-1, 1), np.zeros((10, 1))
        settings = replace(DIGITS, batch_size=4)
        trial = Trial("digits", "ann", seed, settings, order=order)
        seen.clear()
        model.fit(
            **keras_reference.batches(samples, trial),
            epochs=3,
            verbose=0,
        )
        assert [len(batch) for batch in seen] == [4, 4, 2] * 3
        epochs = [[*seen[i], *seen[i + 1], *seen[i + 2]] for i in (0, 3, 6)]
        assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
        return epochs

    first = orders(0)
    different = {tuple(epoch) for epoch in first}
    assert len(different) == (1 if order == SAME_ORDER else 3)
    assert orders(0) == first
    assert orders(1) != first


def test_it_is_tested_with_the_best_weights(keras):
    # Steps this large soon lead away from the best epoch. Early stopping looks at the
    # last one alone, and would restore its weights.
    settings = replace(DIGITS, learning_rate=0.3, epochs=4, start_from_epoch=3)
    record = keras_reference.train(
        keras, Trial("digits", "ann", 0, settings, quick=True)
    )
    history, best = record["history"], record["best_epoch"]
    assert best == int(np.argmin(history["val_loss"])) < 3
    # The validation images are the test images: 355 losses, summed in other batches.
    tolerance = 355 * float(np.finfo("float32").eps)
    assert [record["test_loss"], record["test_accuracy"]] == pytest.approx(
        [history["val_loss"][best], history["val_accuracy"][best]], rel=tolerance
    )


def test_seeds_begin_with_weights_of_their_own(reference):
    first, second = records.read(reference[0])
    assert first["history"] != second["history"]


def test_the_same_command_repeats_nothing_and_the_same_seed_everything(
    reference, tmp_path
):
    path, _ = reference
    out = script(path, "--seeds", "2")
    assert out.count("finished earlier, not repeated") == 2
    script(tmp_path / "again.jsonl", "--seeds", "1,")
    (again,) = records.read(tmp_path / "again.jsonl")
    _, first = records.read(path)
    assert again["history"] == first["history"]
    assert again["test_loss"] == first["test_loss"]


def test_a_run_that_diverges_has_no_result(keras):
    settings = replace(DIGITS, epochs=2, learning_rate=1e30)
    with pytest.raises(DivergedError, match=r"digits-ann-seed-0-quick: .* in epoch 1"):
        keras_reference.train(keras, Trial("digits", "ann", 0, settings, quick=True))
