from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from experiments import protocol, splits
from experiments.protocol import Trial
from experiments.train import DivergedError, build, require_finite, train
from scratchnet import datasets
from scratchnet.callbacks import EarlyStopping
from scratchnet.commands import cli
from scratchnet.foundation.errors import CheckpointError
from scratchnet.models import architectures
from scratchnet.runs.run import FIGURES, FORMAT, PAGE, RESULTS, Run

QUICK = replace(protocol.DIGITS, epochs=2)
PARAMETERS = {"ann": 109_386, "basic_cnn": 121_930}


def train_ann(tmp_path, seed, settings, **words) -> Run:
    trial = Trial("digits", "ann", seed, settings, quick=True)
    return train(tmp_path / "run", trial, **words)


@pytest.fixture(params=PARAMETERS)
def run(request, quick_study) -> Run:
    return Run.open(quick_study / "digits" / request.param / "seed-0-quick")


def test_the_folder_has_every_file_and_no_other(run):
    names = {path.name for path in run.folder.iterdir()}
    # A test of reports may have written one, for the study is shared.
    assert names - {FIGURES, PAGE} == {"run.json", *RESULTS}
    assert run.complete


def test_run_json_says_what_was_trained_on_what_and_how(run):
    record = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    assert record == run.record
    assert record["format"] == FORMAT
    assert record["dataset"]["name"] == "digits"
    assert record["dataset"]["image_shape"] == [28, 28, 1]
    assert record["dataset"]["training_samples"] == 1442
    assert record["dataset"]["validation_samples"] == 355
    assert record["dataset"]["test_samples"] == 355
    assert record["dataset"]["quick"] is True
    assert record["dataset"]["provenance"]["source"] == "scikit-learn"
    assert record["class_names"] == [str(digit) for digit in range(10)]
    assert set(record["preprocessing"]) == {"pixels", "labels"}
    name = record["model"]["name"]
    assert name == run.folder.parent.name
    assert record["model"]["parameters"] == PARAMETERS[name]
    layer = record["model"]["config"]["layers"][1]
    assert layer["class_name"] == "Rescaling"
    assert layer["config"]["scale"] == 1 / 255
    assert record["protocol"] == {
        "name": "notebook",
        "batch_size": 16,
        "epochs": 2,
        "patience": 5,
        "start_from_epoch": protocol.DIGITS.start_from_epoch,
        "holdout": 0.1,
        "optimizer": "adam",
        "learning_rate": 0.001,
        "augmentation": False,
    }
    assert record["leak"] == protocol.LEAK
    assert record["seed"] == 0
    assert record["started"][:2] == "20"
    assert {"python", "numpy", "numba", "processor", "rung"} <= set(
        record["environment"]
    )


def test_history_has_a_line_per_epoch(run):
    history = run.history()
    assert list(history) == [
        "epoch",
        "accuracy",
        "loss",
        "seconds",
        "val_accuracy",
        "val_loss",
    ]
    assert history["epoch"] == [0, 1]
    assert all(0 < seconds < 600 for seconds in history["seconds"])
    assert history["loss"][1] < history["loss"][0]


def test_what_happened_in_the_layers_is_recorded(run):
    record = run.read_json("layers.json")
    learning = [layer.name for layer in run.model().layers if layer.params]
    assert record["steps"] == [0]
    assert record["epochs"] == [0, 1]
    assert list(record["gradient_norm"]) == list(record["update_ratio"]) == learning
    assert all(0 < norm < 100 for (norm,) in record["gradient_norm"].values())
    assert set(learning) <= set(record["activations"])


def test_metrics_agree_with_history_and_predictions(run):
    metrics, history = run.metrics(), run.history()
    labels, probabilities = run.predictions()
    assert probabilities.shape == (355, 10) and labels.shape == (355,)
    assert probabilities.dtype == np.float32
    # A sum of ten float32 numbers, each rounded.
    np.testing.assert_allclose(
        probabilities.sum(1), 1, atol=20 * np.finfo("float32").eps
    )
    assert metrics["test_accuracy"] == np.mean(probabilities.argmax(1) == labels)
    own = -np.log(probabilities[np.arange(355), labels].astype(float))
    assert metrics["test_loss"] == pytest.approx(own.mean(), rel=1e-5)
    assert metrics["epochs"] == 2
    assert metrics["best_epoch"] == int(np.argmin(history["val_loss"]))
    # The notebook's protocol validates on the test set, so both are one figure, summed
    # in other batches.
    assert metrics["test_loss"] == pytest.approx(min(history["val_loss"]), rel=1e-5)
    assert metrics["parameters"] == run.record["model"]["parameters"]
    assert metrics["seconds"] >= sum(history["seconds"])
    assert metrics["seconds_per_epoch"] == np.median(history["seconds"])


def test_report_has_a_row_per_class(run):
    report = run.read_json("report.json")
    labels, probabilities = run.predictions()
    for digit in range(10):
        row = report[str(digit)]
        hits = np.sum((labels == digit) & (probabilities.argmax(1) == digit))
        assert row["recall"] == pytest.approx(hits / np.sum(labels == digit))
        assert row["support"] == np.sum(labels == digit)
    assert report["accuracy"] == run.metrics()["test_accuracy"]


def test_best_weights_predict_what_was_written_from_images_as_they_are(run):
    x = datasets.digits.load_data()[1][0]
    predicted = run.model("best").predict(x, batch_size=256, verbose=0)
    assert predicted.tobytes() == run.predictions()[1].tobytes()


def test_last_weights_are_those_of_the_last_epoch(run):
    (x, y) = datasets.digits.load_data()[1]
    predicted = run.model("last").predict(x, batch_size=256, verbose=0)
    last = run.history()["val_accuracy"][-1]
    assert np.mean(predicted.argmax(1) == y) == pytest.approx(last)


def test_the_same_seed_gives_the_same_weights(quick_study, tmp_path):
    again = train_ann(tmp_path, 0, QUICK, verbose=0)
    first = Run.open(quick_study / "digits/ann/seed-0-quick")
    for one, other in zip(
        first.model("last").get_weights(),
        again.model("last").get_weights(),
        strict=True,
    ):
        assert one.tobytes() == other.tobytes()


def test_another_seed_gives_other_weights(quick_study, tmp_path):
    other = train_ann(tmp_path, 1, QUICK, verbose=0)
    first = Run.open(quick_study / "digits/ann/seed-0-quick")
    assert first.metrics()["test_loss"] != other.metrics()["test_loss"]


@pytest.mark.parametrize("name", architectures.ALL)
def test_rescaling_in_front_adds_no_parameters(name):
    plain = architectures.ALL[name]((28, 28, 1), 10)
    model = build(name, (28, 28, 1), 10)
    assert model.count_params() == plain.count_params()
    assert model.input_shape == (None, 28, 28, 1)


def test_what_is_tested_are_the_weights_in_the_file(tmp_path, monkeypatch):
    """`EarlyStopping` may leave others: it looks away in the first epochs."""

    def leave_zeros(self, logs=None):
        self.model.set_weights([0 * weight for weight in self.model.get_weights()])

    monkeypatch.setattr(EarlyStopping, "on_train_end", leave_zeros)
    run = train_ann(tmp_path, 0, QUICK, verbose=0)
    assert run.metrics()["test_loss"] == pytest.approx(
        min(run.history()["val_loss"]), rel=1e-5
    )


def test_patience_ends_training(tmp_path, monkeypatch):
    monkeypatch.setattr(EarlyStopping, "_is_improvement", lambda *_: False)
    settings = replace(QUICK, epochs=9, patience=1, start_from_epoch=1)
    run = train_ann(tmp_path, 0, settings, verbose=0)
    assert run.metrics()["epochs"] == 2


def test_a_model_that_diverges_is_reported(tmp_path):
    settings = replace(QUICK, epochs=3, learning_rate=1e30)
    with (
        np.errstate(all="ignore"),
        pytest.warns(UserWarning, match=r"last\.npz: not saved"),
        pytest.raises(CheckpointError, match=r"diverged: .* in epoch 1$"),
    ):
        train_ann(tmp_path, 0, settings, verbose=0)
    run = Run.open(tmp_path / "run")
    assert not run.complete
    assert run.history()["epoch"] == [0.0]  # it stopped at once


def test_what_it_says_while_it_trains(tmp_path, capsys):
    train_ann(tmp_path, 3, replace(QUICK, name="holdout"))
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert text.startswith("\ndigits, ann, seed 3: 109,386 parameters, 1,297 training")
    assert "batches of 16, adam 0.001, at most 2 epochs" in text
    assert "validated on 145 held-out images" in text
    assert "counted from epoch 9 on" in text
    heading, first, second = lines[5:8]
    assert heading.split() == [
        "epoch",
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "seconds",
    ]
    assert first.split()[0] == "1/2" and second.split()[0] == "2/2"
    assert first.endswith("  *")
    run = Run.open(tmp_path / "run")
    assert f"test accuracy {run.metrics()['test_accuracy']:.4f}" in lines[-1]
    assert str(run.folder) in lines[-1]
    for line, name in ((first, 0), (second, 1)):
        assert f"{run.history()['val_loss'][name]:.4f}" in line


def test_verbose_0_says_nothing(tmp_path, capsys):
    settings = replace(QUICK, epochs=1)
    train_ann(tmp_path, 0, settings, verbose=0)
    assert capsys.readouterr().out == ""


def test_verbose_1_shows_a_bar(tmp_path, capsys):
    settings = replace(QUICK, epochs=1)
    train_ann(tmp_path, 0, settings, verbose=1)
    assert "91/91" in capsys.readouterr().out


def test_quick_data_are_the_first_images_of_a_large_set(monkeypatch):
    x = np.arange(3000, dtype=np.uint16)[:, None, None] * np.ones((28, 28), np.uint16)
    y = np.arange(3000) % 10
    description = datasets.get("fashion_mnist")
    monkeypatch.setattr(
        type(description), "load_data", lambda self: ((x, y), (x[::-1], y[::-1]))
    )
    samples = splits.load("fashion_mnist", protocol.STUDY, 0, quick=True)
    assert samples.training[0].shape == (2000, 28, 28, 1)
    assert samples.test[0].shape == (500, 28, 28, 1)
    assert samples.training[0][-1, 0, 0, 0] == 1999
    assert samples.test[1][0] == y[-1]


def test_predict_repeats_the_test_s_probabilities_from_pictures(run, tmp_path, capsys):
    expected = run.predictions()[1]
    _, (x_test, _) = datasets.digits.load_data()
    paths = [str(tmp_path / f"{i}.png") for i in range(20)]
    for image, path in zip(x_test, paths, strict=False):
        Image.fromarray(image).save(path)
    words = ["predict", str(run.folder), *paths, "--json", "--top", "10"]
    assert cli.main(words) == 0
    answers = json.loads(capsys.readouterr().out)["pictures"]
    for answer, row in zip(answers, expected, strict=False):
        assert answer["steps"] == answer["hints"] == []
        found = {guess["label"]: guess["probability"] for guess in answer["guesses"]}
        assert [found[label] for label in range(10)] == row.tolist()


def test_finite_losses_pass():
    require_finite({"loss": [2.0, 1.0], "val_loss": [3e38, -1.0]}, "a run")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["loss", "val_loss"])
@pytest.mark.parametrize("epoch", [0, 2])
def test_the_first_epoch_that_is_not_finite_is_named(name, value, epoch):
    history = {"loss": [1.0] * 4, "val_loss": [1.0] * 4}
    history[name][epoch] = history[name][3] = value
    with pytest.raises(DivergedError, match=rf"^a run: .* in epoch {epoch + 1}$"):
        require_finite(history, "a run")
