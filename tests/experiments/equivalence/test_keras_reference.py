"""Everything about Keras's runs but Keras: see tests/keras/parity for that."""

from __future__ import annotations

import os

import pytest

from experiments.equivalence import keras_reference, records
from experiments.protocol import DIGITS, STUDY, Trial
from experiments.train import DivergedError
from scratchnet.foundation.lock import exclusive, fcntl
from tests.experiments.equivalence.made_records import PARAMETERS, make


@pytest.fixture
def trained(monkeypatch):
    """Replaces Keras; the list holds what would have been trained."""
    calls: list[Trial] = []

    def train(keras, trial):
        calls.append(trial)
        parameters = PARAMETERS.get((trial.dataset, trial.model), 1)
        made = make("keras", Trial("fashion_mnist", "ann", trial.seed, STUDY), 0.9)
        del made["environment"]
        return {**made, "parameters": parameters}

    monkeypatch.setattr(keras_reference, "start", lambda threads: None)
    monkeypatch.setattr(keras_reference, "train", train)
    return calls


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "keras.jsonl"


def run(path, *words):
    return keras_reference.main(["--out", str(path), *words])


def seeds(path):
    return [record["seed"] for record in records.read(path)]


def test_the_study_is_trained_seed_by_seed(path, trained):
    assert run(path) == 0
    assert trained == [
        Trial(dataset, model, seed, STUDY)
        for seed in (0, 1, 2)
        for dataset in ("fashion_mnist", "cifar100")
        for model in ("ann", "basic_cnn", "deeper_cnn")
    ]
    assert len(records.read(path)) == 18


def test_finished_runs_are_not_repeated(path, trained, capsys):
    words = ("--dataset", "digits", "--models", "ann", "--seeds", "2")
    assert run(path, *words) == 0
    before = records.read(path)
    written = path.stat().st_mtime_ns
    assert run(path, *words) == 0
    assert len(trained) == 2
    assert path.stat().st_mtime_ns == written
    assert (
        "digits-ann-seed-1: finished earlier, not repeated" in capsys.readouterr().out
    )
    assert run(path, *words, "--quick") == 0
    assert [trial.protocol.epochs for trial in trained] == [DIGITS.epochs] * 2 + [2] * 2
    assert [record for record in records.read(path) if not record["quick"]] == before


def test_each_run_is_written_as_it_ends_and_the_next_call_goes_on(
    path, trained, monkeypatch, capsys
):
    whole = keras_reference.train

    def interrupted(keras, trial):
        if trial.seed == 2:
            raise KeyboardInterrupt
        return whole(keras, trial)

    words = ("--dataset", "cifar100", "--models", "ann", "--seeds", "4")
    monkeypatch.setattr(keras_reference, "train", interrupted)
    assert run(path, *words) == 130
    assert "the same command goes on" in capsys.readouterr().err
    assert seeds(path) == [0, 1]
    monkeypatch.setattr(keras_reference, "train", whole)
    assert run(path, *words) == 0
    assert [trial.seed for trial in trained] == [0, 1, 2, 3]


def test_a_write_that_was_interrupted_leaves_a_run_to_be_done(
    path, trained, monkeypatch
):
    def fail(*args):
        raise OSError(28, "No space left on device")

    words = ("--dataset", "cifar100", "--models", "ann", "--seeds", "1")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        assert run(path, *words) == 1
    assert all(entry.name.endswith(".lock") for entry in path.parent.iterdir())
    assert run(path, *words) == 0
    assert len(trained) == 2
    assert seeds(path) == [0]


def test_a_run_that_diverges_is_reported_and_the_others_are_trained(
    path, trained, monkeypatch, capsys
):
    whole = keras_reference.train

    def diverge(keras, trial):
        if trial.seed == 1:
            raise DivergedError(f"{trial.name}: training diverged")
        return whole(keras, trial)

    monkeypatch.setattr(keras_reference, "train", diverge)
    words = ("--dataset", "cifar100", "--models", "ann", "--seeds", "3")
    assert run(path, *words) == 1
    assert [trial.seed for trial in trained] == [0, 2]
    assert "cifar100-ann-seed-1: training diverged" in capsys.readouterr().err
    assert seeds(path) == [0, 2]


def test_damaged_records_are_an_error_and_stay_as_they_are(path, trained, capsys):
    words = ("--dataset", "cifar100", "--models", "ann")
    run(path, *words, "--seeds", "2")
    damaged = path.read_text()[:-100]
    path.write_text(damaged)
    assert run(path, *words, "--seeds", "3") == 1
    assert f"{path}: line 2: can't be read" in capsys.readouterr().err
    assert path.read_text() == damaged and len(trained) == 2


@pytest.mark.skipif(fcntl is None, reason="Windows has no such locks")
def test_a_run_that_another_process_is_at_is_passed_over(path, trained, capsys):
    words = ("--dataset", "cifar100", "--models", "ann", "--seeds", "3")
    path.parent.mkdir()
    with exclusive(records.lock(path, Trial("cifar100", "ann", 1, STUDY))):
        assert run(path, *words) == 0
    assert [trial.seed for trial in trained] == [0, 2]
    assert "cifar100-ann-seed-1: another process is at it" in capsys.readouterr().out
    assert run(path, *words) == 0
    assert [trial.seed for trial in trained] == [0, 2, 1]


def test_a_record_says_how_it_was_run(path, trained):
    words = ("--dataset", "cifar100", "--models", "ann", "--seeds", "1")
    run(path, *words, "--threads", "3")
    (record,) = records.read(path)
    environment = record["environment"]
    assert environment["threads"] == 3
    assert set(environment["scheduling"]) == {"policy", "nice"}
    assert {"python", "numpy", "processor", "cores", "ended"} <= set(environment)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--dataset", "x"), "unknown name 'x'"),
        (("--models", "cnn"), "unknown name 'cnn'"),
        (("--seeds", "0"), "expected how many seeds"),
        (("--threads", "0"), "expected an integer above 0"),
    ],
)
def test_wrong_words_are_refused(words, message, trained, capsys):
    with pytest.raises(SystemExit) as stop:
        keras_reference.main(list(words))
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert trained == []
