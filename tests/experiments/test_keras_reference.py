"""Everything about Keras's runs but Keras: see tests/keras/parity for that."""

from __future__ import annotations

import os

import pytest

from experiments import keras_reference, records
from experiments.divergence import DivergedError
from experiments.protocol import DIGITS, STUDY
from experiments.records import Key
from scratchnet.foundation.lock import exclusive, fcntl
from tests.experiments.made_records import PARAMETERS, make


@pytest.fixture
def trained(monkeypatch):
    """Replaces Keras; the list holds what would have been trained."""
    calls: list[Key] = []

    def train(keras, key):
        calls.append(key)
        parameters = PARAMETERS.get((key.dataset, key.model), 1)
        made = make("keras", Key("fashion_mnist", "ann", key.seed, STUDY), 0.9)
        del made["environment"]
        return {**made, "parameters": parameters}

    monkeypatch.setattr(keras_reference, "start", lambda threads: None)
    monkeypatch.setattr(keras_reference, "train", train)
    return calls


def run(folder, *words):
    return keras_reference.main(["--out", str(folder), *words])


def test_the_study_is_trained_seed_by_seed(tmp_path, trained):
    assert run(tmp_path / "new" / "folder") == 0
    assert trained == [
        Key(dataset, model, seed, STUDY)
        for seed in (0, 1, 2)
        for dataset in ("fashion_mnist", "cifar100")
        for model in ("ann", "basic_cnn", "deeper_cnn")
    ]
    assert len(list((tmp_path / "new" / "folder").glob("*.json"))) == 18


def test_finished_runs_are_not_repeated(tmp_path, trained, capsys):
    words = ("--dataset", "digits", "--models", "ann", "--seeds", "2")
    assert run(tmp_path, *words) == 0
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")}
    assert run(tmp_path, *words) == 0
    assert len(trained) == 2
    assert {p: p.stat().st_mtime_ns for p in tmp_path.glob("*.json")} == before
    assert (
        "digits-ann-seed-1: finished earlier, not repeated" in capsys.readouterr().out
    )
    assert run(tmp_path, *words, "--quick") == 0
    assert [key.protocol.epochs for key in trained] == [DIGITS.epochs] * 2 + [2] * 2
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_each_run_is_written_as_it_ends_and_the_next_call_goes_on(
    tmp_path, trained, monkeypatch, capsys
):
    whole = keras_reference.train

    def interrupted(keras, key):
        if key.seed == 2:
            raise KeyboardInterrupt
        return whole(keras, key)

    words = ("--dataset", "cifar100", "--models", "ann", "--seeds", "4")
    monkeypatch.setattr(keras_reference, "train", interrupted)
    assert run(tmp_path, *words) == 130
    assert "the same command goes on" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.glob("*.json")) == [
        "cifar100-ann-seed-0.json",
        "cifar100-ann-seed-1.json",
    ]
    monkeypatch.setattr(keras_reference, "train", whole)
    assert run(tmp_path, *words) == 0
    assert [key.seed for key in trained] == [0, 1, 2, 3]


def test_a_write_that_was_interrupted_leaves_a_run_to_be_done(
    tmp_path, trained, monkeypatch
):
    def fail(*args):
        raise OSError(28, "No space left on device")

    words = ("--dataset", "cifar100", "--models", "ann", "--seeds", "1")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        assert run(tmp_path, *words) == 1
    assert [path.name for path in tmp_path.iterdir()] == [".cifar100-ann-seed-0.lock"]
    assert run(tmp_path, *words) == 0
    assert len(trained) == 2
    (path,) = tmp_path.glob("*.json")
    records.read(path)


def test_a_run_that_diverges_is_reported_and_the_others_are_trained(
    tmp_path, trained, monkeypatch, capsys
):
    whole = keras_reference.train

    def diverge(keras, key):
        if key.seed == 1:
            raise DivergedError(f"{key.stem}: training diverged")
        return whole(keras, key)

    monkeypatch.setattr(keras_reference, "train", diverge)
    words = ("--dataset", "cifar100", "--models", "ann", "--seeds", "3")
    assert run(tmp_path, *words) == 1
    assert [key.seed for key in trained] == [0, 2]
    assert "cifar100-ann-seed-1: training diverged" in capsys.readouterr().err
    assert len(list(tmp_path.glob("*.json"))) == 2


def test_a_damaged_record_is_made_again(tmp_path, trained):
    words = ("--dataset", "cifar100", "--models", "ann", "--seeds", "1")
    run(tmp_path, *words)
    (path,) = tmp_path.glob("*.json")
    path.write_text(path.read_text()[:100])
    assert run(tmp_path, *words) == 0
    assert len(trained) == 2
    records.read(path)


@pytest.mark.skipif(fcntl is None, reason="Windows has no such locks")
def test_a_run_that_another_process_is_at_is_passed_over(tmp_path, trained, capsys):
    words = ("--dataset", "cifar100", "--models", "ann", "--seeds", "3")
    with exclusive(tmp_path / ".cifar100-ann-seed-1.lock"):
        assert run(tmp_path, *words) == 0
    assert [key.seed for key in trained] == [0, 2]
    assert "cifar100-ann-seed-1: another process is at it" in capsys.readouterr().out
    assert run(tmp_path, *words) == 0
    assert [key.seed for key in trained] == [0, 2, 1]


def test_a_record_says_how_it_was_run(tmp_path, trained):
    words = ("--dataset", "cifar100", "--models", "ann", "--seeds", "1")
    run(tmp_path, *words, "--threads", "3")
    record = records.read(tmp_path / "cifar100-ann-seed-0.json")
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
