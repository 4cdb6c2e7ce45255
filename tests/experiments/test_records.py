from __future__ import annotations

import json
import math
import os
from dataclasses import replace

import pytest

from experiments import records
from experiments.__main__ import main
from experiments.protocol import STUDY
from experiments.records import Key
from scratchnet.foundation.errors import CheckpointError
from scratchnet.runs.run import Run
from tests.experiments.made_records import make

KEY = Key("cifar100", "basic_cnn", 2, STUDY)
RECORD = make("keras", KEY, 0.33)


def test_what_was_written_is_read(tmp_path):
    path = records.write(tmp_path, KEY, RECORD)
    assert path.name == "cifar100-basic_cnn-seed-2.json"
    assert records.read(path) == {**RECORD, **KEY.fields()}
    assert records.finished(tmp_path, KEY) == records.read(path)


def test_numbers_that_are_not_finite_become_null(tmp_path):
    history = {"loss": [1.0, math.nan, math.inf], "val_loss": [2.0, 1.0, -math.inf]}
    record = {**RECORD, "test_loss": math.nan, "history": history}
    path = records.write(tmp_path, KEY, record)
    found = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert found["test_loss"] is None
    assert found["history"] == {"loss": [1, None, None], "val_loss": [2, 1, None]}
    assert records.finished(tmp_path, KEY) is not None


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, seed=3),
        replace(KEY, model="ann"),
        replace(KEY, dataset="fashion_mnist"),
        replace(KEY, quick=True),
        replace(KEY, protocol=replace(STUDY, epochs=2)),
    ],
)
def test_a_record_stands_for_its_own_run_alone(other, tmp_path):
    records.write(tmp_path, KEY, RECORD)
    assert records.finished(tmp_path, other) is None


def test_a_quick_run_takes_no_others_place(tmp_path):
    records.write(tmp_path, KEY, RECORD)
    records.write(tmp_path, replace(KEY, quick=True), RECORD)
    assert records.finished(tmp_path, KEY) is not None
    assert len(list(tmp_path.glob("*.json"))) == 2


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"format": 99}', "\udc80", "[" * 100_000],
    ids=["empty", "cut", "list", "null", "format", "bytes", "deep"],
)
def test_a_damaged_record_is_an_error_and_is_made_again(content, tmp_path):
    path = KEY.path(tmp_path)
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(CheckpointError, match=path.name):
        records.read(path)
    assert records.finished(tmp_path, KEY) is None


@pytest.mark.parametrize("name", records.FIELDS)
@pytest.mark.parametrize("value", ["missing", "wrong"])
def test_every_field_is_checked(name, value, tmp_path):
    path = records.write(tmp_path, KEY, RECORD)
    content = json.loads(path.read_text())
    if value == "missing":
        del content[name]
    else:
        content[name] = {"a": 1} if records.FIELDS[name] is not dict else "text"
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=f"is damaged: '{name}'"):
        records.read(path)


@pytest.mark.parametrize("data", [{}, {"sha256": "00"}])
def test_what_the_data_were_is_checked(data, tmp_path):
    path = records.write(tmp_path, KEY, {**RECORD, "data": data})
    with pytest.raises(CheckpointError, match="is damaged: 'data' has no 'sha256'"):
        records.read(path)


def test_a_copied_record_does_not_pass_for_another_seeds(tmp_path):
    path = records.write(tmp_path, KEY, RECORD)
    copy = path.with_name("cifar100-basic_cnn-seed-4.json")
    copy.write_bytes(path.read_bytes())
    with pytest.raises(
        CheckpointError, match="holds the record of cifar100-basic_cnn-seed-2"
    ):
        records.read(copy)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_interrupted_write_leaves_the_old_record(step, tmp_path, monkeypatch):
    path = records.write(tmp_path, KEY, RECORD)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        with pytest.raises(KeyboardInterrupt):
            records.write(tmp_path, KEY, {**RECORD, "test_loss": 9.0})
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_run_of_scratchnet_is_recorded(quick_study, tmp_path, capsys):
    words = ["run", "--quick", "--model", "ann,basic_cnn", "--out", str(quick_study)]
    folder = tmp_path / "kept"
    assert main([*words, "--record", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "finished earlier, not repeated" in out
    for model in ("ann", "basic_cnn"):
        path = folder / f"digits-{model}-seed-0-quick.json"
        assert f"recorded: {path}" in out
        record = records.read(path)
        run = Run.open(quick_study / "digits" / model / "seed-0-quick")
        metrics, history = run.metrics(), run.history()
        for name in ("test_loss", "test_accuracy", "epochs", "best_epoch"):
            assert record[name] == metrics[name]
        assert record["library"] == "scratchnet"
        assert record["protocol"] == run.record["protocol"]
        assert record["epoch_seconds"] == history["seconds"]
        assert set(record["history"]) == {
            "loss",
            "accuracy",
            "val_loss",
            "val_accuracy",
        }
        assert all(record["history"][n] == history[n] for n in record["history"])
        assert set(record["environment"]["scheduling"]) == {"policy", "nice"}
    assert main([*words, "--record", str(folder)]) == 0


def test_without_being_asked_nothing_is_recorded(quick_study, monkeypatch):
    def fail(*args):
        pytest.fail("recorded")

    monkeypatch.setattr(records, "write", fail)
    assert main(["run", "--quick", "--model", "ann", "--out", str(quick_study)]) == 0


@pytest.mark.parametrize(
    "words",
    [("--epochs", "3"), ("--batch-size", "8"), ("--protocol", "holdout")],
)
def test_runs_with_other_settings_are_not_recorded(words, tmp_path, capsys):
    assert main(["run", "--out", str(tmp_path), "--record", str(tmp_path), *words]) == 2
    assert (
        "--record keeps runs with the study's own settings" in capsys.readouterr().err
    )
    assert list(tmp_path.iterdir()) == []


def test_where_data_came_from_has_checksums_and_no_paths():
    provenance = {
        "dataset": "cifar100",
        "source": "SCRATCHNET_DATA",
        "folder": "/home/someone",
        "level": "structure",
        "files": [
            {"name": "a.gz", "path": "/home/x", "sha256": "1", "contents": {"a": "2"}},
            {"name": "b", "path": "/home/y", "sha256": "3"},
        ],
    }
    assert records.origin(provenance) == {
        "source": "SCRATCHNET_DATA",
        "level": "structure",
        "sha256": {"a": "2", "b": "3"},
    }
