from __future__ import annotations

import json

import numpy as np
import pytest

from scratchnet.foundation.errors import CheckpointError
from scratchnet.runs.classifier import Classifier, rank
from scratchnet.runs.run import Run


def test_guesses_are_the_model_s_outputs_with_names(make_run):
    classifier = Classifier(make_run())
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), dtype=np.uint8)
    expected = classifier.model.predict(images, verbose=0)
    found = classifier.predict(images, top=6)
    names = ("zero", "one", "two", "three", "four", "five")
    for guesses, row in zip(found, expected, strict=True):
        assert sorted(guess.label for guess in guesses) == list(range(6))
        for guess in guesses:
            assert guess.name == names[guess.label]
            assert guess.probability == row[guess.label]
        shares = [guess.probability for guess in guesses]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(1, abs=1e-6)


def test_top_5_and_fewer_classes(make_run):
    image = np.zeros((1, 28, 28, 1), np.uint8)
    assert len(Classifier(make_run()).predict(image)[0]) == 5
    few = Classifier(make_run(names=("a", "b")))
    assert {guess.name for guess in few.predict(image)[0]} == {"a", "b"}


def test_equals_keep_their_order():
    labels = [guess.label for guess in rank(np.array([0.2, 0.4, 0.4]), "abc", 3)]
    assert labels == [1, 2, 0]


@pytest.mark.parametrize(
    ("dataset", "dark"), [("digits", True), ("cifar100", False), ("mine", False)]
)
def test_the_data_set_tells_the_ground(dataset, dark, make_run):
    assert Classifier(make_run(dataset=dataset)).dark_background is dark


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"class_names": ["a", "b"]}, "an output for each of 2 class names"),
        ({"class_names": "abcdef"}, "a list of class names, received 'abcdef'"),
        ({"class_names": None}, "a list of class names, received None"),
        ({"preprocessing": {"pixels": "-1 to 1"}}, "pixels prepared as.*'-1 to 1'"),
        ({"preprocessing": None}, "pixels prepared as.*received None"),
        ({"shape": (28, 28, 2)}, r"input \(None, H, W, 1 or 3\), received.*2\)"),
        ({"shape": (784,)}, r"input \(None, H, W, 1 or 3\), received.*784\)"),
        ({"model": {}}, "no model can be made of it"),
        ({"model": None}, "no model can be made of it"),
    ],
)
def test_a_run_that_can_t_predict_from_pictures(changes, expected, make_run):
    with pytest.raises(CheckpointError, match=rf"run\.json: .*{expected}"):
        Classifier(make_run(**changes))


def test_a_run_without_a_data_set_s_name_still_predicts(make_run):
    run = make_run()
    del run.record["dataset"]
    run.write_json("run.json", run.record)
    assert not Classifier(Run.open(run.folder)).dark_background


def test_outputs_that_are_no_probabilities(make_run):
    classifier = Classifier(make_run(activation="sigmoid"))
    with pytest.raises(CheckpointError, match="a model that ends in softmax"):
        classifier.predict(np.zeros((1, 28, 28, 1), np.uint8))


def test_another_version_s_folder(make_run):
    run = make_run()
    run.write_json("run.json", {**run.record, "format": 2})
    with pytest.raises(CheckpointError, match="expected a run of format 1, received 2"):
        Classifier(Run.open(run.folder))


def test_missing_and_foreign_weights(make_run):
    run = make_run()
    with pytest.raises(CheckpointError, match=r"last\.npz"):
        Classifier(run, "last")
    record = json.loads((run.folder / "run.json").read_text())
    record["model"]["config"]["layers"][-1]["config"]["units"] = 7
    record["class_names"].append("six")
    run.write_json("run.json", record)
    with pytest.raises(CheckpointError, match=r"best\.npz"):
        Classifier(Run.open(run.folder))
