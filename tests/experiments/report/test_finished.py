from __future__ import annotations

import copy

import numpy as np
import pytest

from experiments import splits
from experiments.report import finished
from experiments.report.finished import ImageFinder, Images
from scratchnet import datasets, inspection
from scratchnet.foundation.errors import CheckpointError, DatasetError
from tests.experiments.report import made_runs

NAMES = ["a", "b", "c"]

PAIR = made_runs.images(60), made_runs.predictions(60, 3)[0]
LOADED = splits.Splits(PAIR, PAIR, PAIR, ("a", "b", "c"))


def test_a_run_is_read_whole(tmp_path):
    run = made_runs.make(tmp_path, NAMES, model="net", seed=3)
    found = finished.read(run)
    assert (found.dataset, found.model, found.class_names) == (
        "made_up",
        "net",
        ("a", "b", "c"),
    )
    assert found.title == "made_up, net, seed 3"
    assert found.confusion.sum() == 60
    accuracy = np.trace(found.confusion) / 60
    assert accuracy == pytest.approx(found.metrics["test_accuracy"])
    assert found.training.best_epoch == made_runs.BEST
    assert found.superclasses is None and found.images is None


def test_known_data_sets_have_their_titles_and_superclasses(tmp_path):
    names = list(datasets.cifar100.class_names)
    run = made_runs.make(tmp_path, names, count=200, dataset="cifar100")
    assert finished.read(run).dataset_title == "CIFAR-100"
    groups = finished.read(run).superclasses
    assert groups.names[groups.of_class[names.index("otter")]] == "aquatic_mammals"
    run.record["protocol"] = {"name": "holdout"}
    run.record["dataset"]["quick"] = True
    assert finished.read(run).dataset_title == "CIFAR-100 (holdout, quick)"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("metrics.json", None, "did not finish"),
        ("metrics.json", "[]", "expected names and numbers"),
        ("metrics.json", '{"test_accuracy": 1}', "expected numbers 'test_loss'"),
        ("metrics.json", '{"test_loss": "0", "test_accuracy": 1}', "expected numbers"),
        ("metrics.json", '{"test_loss": NaN, "test_accuracy": 1}', "expected numbers"),
        ("history.csv", None, "can't be read"),
        ("history.csv", "epoch,loss\n0", "can't be read"),
        ("predictions.npz", "x", "can't be read"),
        ("layers.json", "{", "can't be read"),
        ("layers.json", "[]", "a LayerMonitor's record"),
        ("layers.json", '{"steps": [1], "epochs": []}', "a LayerMonitor's record"),
    ],
)
def test_damaged_files_are_named(name, content, message, tmp_path):
    run = made_runs.make(tmp_path, NAMES)
    run.path(name).unlink()
    if content is not None:
        run.path(name).write_text(content)
    with pytest.raises(CheckpointError, match=message):
        finished.read(run)


@pytest.mark.parametrize(
    ("kind", "layer", "values"),
    [
        ("gradient_norm", "hidden", [1.0, 0.5]),
        ("update_ratio", "output", [1.0, 0.5, "0.2"]),
        ("activations", "hidden", [{"dead": 0.1}]),
        ("activations", "hidden", [{"dead": "all"}, {"dead": 0}]),
    ],
)
def test_a_record_of_layers_that_does_not_fit_is_refused(kind, layer, values, tmp_path):
    run = made_runs.make(tmp_path, NAMES)
    record = copy.deepcopy(made_runs.LAYERS)
    record[kind][layer] = values
    run.write_json("layers.json", record)
    with pytest.raises(CheckpointError, match="a LayerMonitor's record"):
        finished.read(run)


def test_a_record_of_layers_may_lack_numbers_that_were_not_finite(tmp_path):
    run = made_runs.make(tmp_path, NAMES)
    record = copy.deepcopy(made_runs.LAYERS)
    record["update_ratio"]["output"][0] = None
    record["gradient_norm"]["hidden"][-1] = None
    run.write_json("layers.json", record)
    found = finished.read(run).layers
    assert found == record
    inspection.plot_training(found).canvas.draw()


def test_a_run_may_have_no_record_of_layers(tmp_path):
    run = made_runs.make(tmp_path, NAMES)
    assert finished.read(run).layers == made_runs.LAYERS
    run.path("layers.json").unlink()
    assert finished.read(run).layers is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"class_names": None}, "a list of names"),
        ({"class_names": ["a", 2, "c"]}, "a list of names"),
        ({"class_names": ["a", "b"]}, "labels of 2 classes"),
        ({"class_names": []}, "labels of 0 classes"),
        ({"model": None}, "a name of the model"),
        ({"model": {"name": 7}}, "a name of the model"),
        ({"dataset": []}, "a name of the dataset"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(changed, message, tmp_path):
    run = made_runs.make(tmp_path, NAMES)
    run.record.update(changed)
    with pytest.raises(CheckpointError, match=message):
        finished.read(run)


@pytest.mark.parametrize(
    ("labels", "probabilities"),
    [
        (np.array([0, 3]), np.ones((2, 3))),
        (np.array([-1, 0]), np.ones((2, 3))),
        (np.array([0.0, 1.0]), np.ones((2, 3))),
        (np.array([0, 1]), np.full((2, 3), np.nan)),
        (np.array([0, 1]), np.ones((2, 3), int)),
        (np.array([0, 1]), np.ones((3, 3))),
        (np.zeros(0, int), np.ones((0, 3))),
    ],
)
def test_predictions_that_do_not_fit_are_refused(labels, probabilities, tmp_path):
    run = made_runs.make(tmp_path, NAMES)
    run.write_predictions(labels, probabilities)
    with pytest.raises(CheckpointError, match="expected labels of 3 classes"):
        finished.read(run)


def test_labels_of_shape_n_1_are_made_flat(tmp_path):
    run = made_runs.make(tmp_path, NAMES)
    labels, probabilities = run.predictions()
    run.write_predictions(labels[:, None].astype(np.uint8), probabilities)
    assert np.array_equal(finished.read(run).labels, labels)


def test_images_are_those_of_the_data_set(quick_study):
    from scratchnet.runs.run import Run

    run = Run.open(quick_study / "digits/ann/seed-0-quick")
    found = ImageFinder().add(finished.read(run))
    _, (x, y) = datasets.digits.load_data()
    assert np.array_equal(found.images.test[..., 0], x)
    assert np.array_equal(found.labels, y)


def test_a_data_set_is_loaded_once_for_all_its_runs(tmp_path, monkeypatch):
    loaded = []

    def load(name, *args, **kwargs):
        loaded.append(name)
        return LOADED

    monkeypatch.setattr(finished.splits, "load", load)
    finder = ImageFinder()
    for folder in "ab":
        finder.add(finished.read(made_runs.make(tmp_path / folder, NAMES)))
    assert loaded == ["made_up"]


def test_an_unknown_data_set_has_no_images_and_a_reason(tmp_path):
    found = ImageFinder().add(finished.read(made_runs.make(tmp_path, NAMES)))
    assert found.images is None
    assert "'made_up'" in found.why_no_images


def test_a_data_set_that_cannot_be_loaded_is_a_reason(tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise DatasetError("no network")

    monkeypatch.setattr(finished.splits, "load", fail)
    found = ImageFinder().add(finished.read(made_runs.make(tmp_path, NAMES)))
    assert found.why_no_images == "no network"


def test_images_of_other_labels_are_not_shown(tmp_path):
    run = made_runs.make(tmp_path, list("0123456789"), dataset="digits", count=355)
    found = ImageFinder().add(finished.read(run))
    assert found.images is None and "other labels" in found.why_no_images


def test_too_few_images_are_refused(tmp_path):
    found = finished.read(made_runs.make(tmp_path, NAMES))
    with pytest.raises(CheckpointError, match="expected 60 test images"):
        found.with_images(Images(made_runs.images(59)))
