from __future__ import annotations

import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import pytest

from experiments.__main__ import main
from experiments.equivalence import records
from experiments.protocol import STUDY, Protocol, Trial
from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.lock import fcntl
from scratchnet.runs.run import Run
from tests.experiments.equivalence.made_records import as_made, make

TRIAL = Trial("cifar100", "basic_cnn", 2, STUDY)
RECORD = make("keras", TRIAL, 0.33)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keras.jsonl"


def test_what_was_written_is_read(path):
    records.write(path, TRIAL, RECORD)
    (found,) = records.read(path)
    assert as_made(found) == RECORD
    assert (found["dataset"], found["model"], found["seed"]) == (
        "cifar100",
        "basic_cnn",
        2,
    )
    assert found["protocol"] == asdict(STUDY)
    assert records.find(path, TRIAL) == found


def test_a_file_that_is_missing_has_no_records(path):
    assert records.read(path) == []
    assert records.find(path, TRIAL) is None


def test_numbers_that_are_not_finite_become_null(path):
    history = {"loss": [1.0, math.nan, math.inf], "val_loss": [2.0, 1.0, -math.inf]}
    record = {**RECORD, "test_loss": math.nan, "history": history}
    records.write(path, TRIAL, record)
    found = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert found["test_loss"] is None
    assert found["history"] == {"loss": [1, None, None], "val_loss": [2, 1, None]}
    assert records.find(path, TRIAL) is not None


OTHERS = [
    replace(TRIAL, seed=3),
    replace(TRIAL, model="ann"),
    replace(TRIAL, dataset="fashion_mnist"),
    replace(TRIAL, quick=True),
]


@pytest.mark.parametrize(
    "other", [*OTHERS, replace(TRIAL, protocol=replace(STUDY, epochs=2))]
)
def test_a_record_stands_for_its_own_run_alone(other, path):
    records.write(path, TRIAL, RECORD)
    assert records.find(path, other) is None


@pytest.mark.parametrize("other", OTHERS)
def test_a_run_takes_no_others_place(other, path):
    records.write(path, TRIAL, RECORD)
    records.write(path, other, {**RECORD, "test_loss": 9.0})
    assert records.find(path, TRIAL)["test_loss"] == RECORD["test_loss"]
    assert records.find(path, other)["test_loss"] == 9.0


def test_lines_have_one_order_and_a_run_has_one_line(tmp_path):
    trials = [replace(TRIAL, seed=seed) for seed in (0, 2, 10)] + OTHERS[1:]
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    for path, order in ((first, trials), (second, [*trials[::-1], *trials])):
        for trial in order:
            records.write(path, trial, make("keras", TRIAL, 0.1))
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().count(b"\n") == len(trials)
    found = records.read(first)
    seeds = [one["seed"] for one in found if one["model"] == "basic_cnn"]
    assert seeds == [0, 2, 2, 10, 2]


def test_the_committed_records_are_as_they_would_be_written(path):
    for committed in (records.KERAS, records.KERAS_SAME_ORDER, records.SCRATCHNET):
        record = records.read(committed)[-1]
        settings = Protocol(**record["protocol"])
        trial = Trial(
            *(record[name] for name in ("dataset", "model", "seed")),
            settings,
            record["quick"],
            record["order"],
        )
        path.write_bytes(committed.read_bytes())
        records.write(path, trial, as_made(record))
        assert path.read_bytes() == committed.read_bytes()


@pytest.mark.parametrize(
    "content",
    ["{", "[]", "null", '{"format": 99}', "\udc80", "[" * 100_000],
    ids=["cut", "list", "null", "format", "bytes", "deep"],
)
def test_a_damaged_line_is_an_error_and_stays(content, path):
    records.write(path, TRIAL, RECORD)
    with open(path, "ab") as file:
        file.write(content.encode("utf-8", "surrogateescape"))
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=path.name):
        records.read(path)
    with pytest.raises(CheckpointError, match=path.name):
        records.write(path, OTHERS[0], RECORD)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", records.FIELDS)
@pytest.mark.parametrize("value", ["missing", "wrong"])
def test_every_field_is_checked(name, value, path):
    records.write(path, TRIAL, RECORD)
    content = json.loads(path.read_text())
    if value == "missing":
        del content[name]
    else:
        content[name] = {"a": 1} if records.FIELDS[name] is not dict else "text"
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=f"line 1: is damaged: '{name}'"):
        records.read(path)


@pytest.mark.parametrize("data", [{}, {"sha256": "00"}])
def test_what_the_data_were_is_checked(data, path):
    records.write(path, TRIAL, {**RECORD, "data": data})
    with pytest.raises(CheckpointError, match="is damaged: 'data' has no 'sha256'"):
        records.read(path)


def test_a_run_that_is_there_twice_is_an_error(path):
    records.write(path, TRIAL, RECORD)
    path.write_text(2 * path.read_text())
    with pytest.raises(CheckpointError, match="line 2: is of the same run as"):
        records.read(path)


@pytest.mark.skipif(fcntl is None, reason="Windows has no such locks")
def test_writers_at_the_same_time_lose_nothing(path):
    trials = [replace(TRIAL, seed=seed) for seed in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda trial: records.write(path, trial, RECORD), trials))
    assert [record["seed"] for record in records.read(path)] == list(range(16))


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_interrupted_write_leaves_the_old_records(step, path, monkeypatch):
    records.write(path, TRIAL, RECORD)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        with pytest.raises(KeyboardInterrupt):
            records.write(path, TRIAL, {**RECORD, "test_loss": 9.0})
    assert path.read_bytes() == before
    assert {entry.name for entry in path.parent.iterdir()} == {
        path.name,
        f".{path.name}.lock",
    }


def test_a_run_of_scratchnet_is_recorded(quick_study, tmp_path, capsys):
    words = ["run", "--quick", "--model", "ann,basic_cnn", "--out", str(quick_study)]
    path = tmp_path / "new" / "kept.jsonl"
    assert main([*words, "--record", str(path)]) == 0
    out = capsys.readouterr().out
    assert "finished earlier, not repeated" in out
    for model, record in zip(("ann", "basic_cnn"), records.read(path), strict=True):
        assert f"{path}: digits-{model}-seed-0-quick: recorded" in out
        assert record["model"] == model
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
    before = path.stat().st_mtime_ns
    assert main([*words, "--record", str(path)]) == 0
    assert path.stat().st_mtime_ns == before


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
