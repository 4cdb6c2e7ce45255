from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from experiments import protocol, report, study
from experiments.__main__ import main
from experiments.equivalence import records
from experiments.protocol import Protocol, Trial
from experiments.train import DivergedError
from scratchnet.foundation.errors import CheckpointError, DatasetError
from scratchnet.foundation.lock import exclusive
from scratchnet.runs.run import Run
from tests.experiments.equivalence.made_records import PARAMETERS, make

ROOT = Path(__file__).resolve().parents[2]


def quick(out: Path, *words: str) -> list[str]:
    start = ["run", "--no-report", "--quick", "--model", "ann"]
    return [*start, "--out", str(out), *words]


@pytest.fixture
def trained(monkeypatch):
    """Replaces training; the list holds what would have been trained."""
    calls: list[tuple] = []

    def train(folder, trial, *, verbose):
        settings = trial.protocol
        calls.append((trial.dataset, trial.model, trial.seed, settings, folder))
        run = Run.create(
            folder,
            {
                "dataset": {"name": trial.dataset, "quick": trial.quick},
                "model": {"name": trial.model},
                "protocol": asdict(settings),
                "leak": protocol.LEAK if settings.name == "notebook" else None,
                "seed": trial.seed,
            },
        )
        metrics = dict.fromkeys(
            ("test_loss", "test_accuracy", "epochs", "best_epoch", "parameters"), 1
        )
        run.write_json("metrics.json", {**metrics, "seconds": 2.0})
        return run

    monkeypatch.setattr(study, "train", train)
    # What would have been trained has nothing to report.
    monkeypatch.setattr(report, "write_study", lambda folder, **_: folder)
    return calls


def test_a_finished_run_is_not_repeated(tmp_path, capsys):
    assert main(quick(tmp_path)) == 0
    folder = tmp_path / "digits/ann/seed-0-quick"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    first_table = capsys.readouterr().out.split("\n|", 1)[1]
    assert main(quick(tmp_path)) == 0
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert after == before
    out = capsys.readouterr().out
    assert "finished earlier, not repeated (--fresh repeats it)" in out
    assert out.split("\n|", 1)[1] == first_table


def test_fresh_repeats_a_finished_run(tmp_path, trained):
    assert main(quick(tmp_path)) == 0
    assert main(quick(tmp_path)) == 0
    assert len(trained) == 1
    assert main(quick(tmp_path, "--fresh")) == 0
    assert len(trained) == 2


@pytest.mark.parametrize(
    "words", [("--epochs", "3"), ("--batch-size", "32"), ("--seeds", "1,")]
)
def test_other_settings_are_another_run(words, tmp_path, trained):
    main(quick(tmp_path))
    main(quick(tmp_path, *words))
    assert len(trained) == 2
    main(quick(tmp_path, *words))
    assert len(trained) == 2


def test_quick_and_holdout_runs_replace_no_other(tmp_path, trained):
    words = ["run", "--model", "ann", "--out", str(tmp_path)]
    main(words)
    main([*words, "--quick"])
    main([*words, "--protocol", "holdout"])
    main([*words, "--protocol", "holdout", "--quick"])
    names = [call[-1].name for call in trained]
    assert names == [
        "seed-0",
        "seed-0-quick",
        "seed-0-holdout",
        "seed-0-holdout-quick",
    ]
    main(words)
    assert len(trained) == 4


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("run.json", None),
        ("run.json", "{"),
        ("run.json", '{"format": 99}'),
        ("metrics.json", None),
        ("metrics.json", "{"),
    ],
)
def test_a_damaged_or_unfinished_run_is_repeated(name, content, tmp_path, trained):
    main(quick(tmp_path))
    path = tmp_path / "digits/ann/seed-0-quick" / name
    path.unlink()
    if content is not None:
        path.write_text(content)
    main(quick(tmp_path))
    assert len(trained) == 2


@pytest.fixture
def recorded(trained, monkeypatch):
    """Records of such runs: each says in its environment whose folder it is from."""

    def of_run(run):
        own = run.record
        trial = Trial("digits", "ann", own["seed"], Protocol(**own["protocol"]), True)
        environment = {"from": str(run.folder)}
        record = make("scratchnet", trial, 0.5, parameters=1, environment=environment)
        return trial, record

    monkeypatch.setattr(records, "of_run", of_run)
    monkeypatch.setitem(PARAMETERS, ("digits", "ann"), 1)


def test_a_recorded_run_is_not_repeated_without_its_folder(
    tmp_path, trained, recorded, capsys
):
    record, out = tmp_path / "records.jsonl", tmp_path / "out"
    words = ["--record", str(record), "--seeds", "0,1"]
    assert main(quick(out, *words)) == 0
    assert len(trained) == 2
    before = record.read_text()
    other = tmp_path / "other"
    assert main(quick(other, *words)) == 0
    assert len(trained) == 2
    assert "recorded earlier, not repeated" in capsys.readouterr().out
    assert not other.exists()
    # Other settings are another run, and what is not recorded is trained.
    assert main(quick(other, *words[:2], "--seeds", "0,", "--epochs", "3")) == 2
    first, second = before.splitlines(keepends=True)
    record.write_text(first)
    assert main(quick(other, *words)) == 0
    assert [call[2] for call in trained[2:]] == [1]
    assert record.read_text() == first + second.replace("/out/", "/other/")
    assert main(quick(other, *words, "--fresh")) == 0
    assert len(trained) == 5


def test_a_record_is_replaced_by_fresh_runs_alone(tmp_path, trained, recorded):
    path = tmp_path / "records.jsonl"
    words = ["--record", str(path)]
    old, new = tmp_path / "old", tmp_path / "new"
    assert main(quick(old)) == 0
    assert main(quick(new, *words)) == 0
    before = path.read_bytes()
    assert str(new).encode() in before
    assert main(quick(old, *words)) == 0
    assert path.read_bytes() == before
    path.unlink()
    assert main(quick(old, *words)) == 0
    assert str(old).encode() in path.read_bytes()
    assert len(trained) == 2
    assert main(quick(new, *words, "--fresh")) == 0
    assert len(trained) == 3
    assert path.read_bytes() == before


def test_damaged_records_end_the_study_before_it_trains(tmp_path, trained, capsys):
    path = tmp_path / "records.jsonl"
    path.write_text("{")
    assert main(quick(tmp_path / "out", "--record", str(path))) == 1
    assert f"{path}: line 1: can't be read" in capsys.readouterr().err
    assert trained == [] and path.read_text() == "{"


def test_two_processes_do_not_train_for_the_same_record(
    tmp_path, trained, recorded, capsys
):
    record = tmp_path / "records.jsonl"
    words = quick(tmp_path / "out", "--record", str(record), "--seeds", "0,1")
    settings = protocol.usual("digits", "ann", quick=True)
    with exclusive(records.lock(record, Trial("digits", "ann", 0, settings, True))):
        assert main(words) == 0
    assert [call[2] for call in trained] == [1]
    assert "seed-0-quick: another process is at it" in capsys.readouterr().out


def test_a_run_recorded_between_the_look_and_the_lock_is_not_repeated(
    tmp_path, trained, recorded, monkeypatch, capsys
):
    record = tmp_path / "records.jsonl"
    words = ["--record", str(record)]

    @contextlib.contextmanager
    def slow(folder, trial, record):
        records.write(record, trial, make("scratchnet", trial, 0.5, parameters=1))
        yield True

    with monkeypatch.context() as patch:
        patch.setattr(study, "_alone", slow)
        assert main(quick(tmp_path / "out", *words)) == 0
    assert trained == []
    assert "recorded earlier, not repeated" in capsys.readouterr().out


def test_a_run_that_diverges_is_reported_and_the_others_are_trained(
    tmp_path, trained, recorded, monkeypatch, capsys
):
    train = study.train

    def diverge(folder, trial, **more):
        if trial.seed == 1:
            raise DivergedError(f"{folder}: training diverged")
        return train(folder, trial, **more)

    monkeypatch.setattr(study, "train", diverge)
    record = tmp_path / "records.jsonl"
    words = quick(tmp_path / "out", "--record", str(record), "--seeds", "3")
    assert main(words) == 1
    assert [call[2] for call in trained] == [0, 2]
    assert capsys.readouterr().err.count("seed-1-quick: training diverged") == 1
    assert [one["seed"] for one in records.read(record)] == [0, 2]


def test_two_processes_do_not_train_the_same_run(tmp_path, trained, capsys):
    folder = tmp_path / "digits/ann"
    folder.mkdir(parents=True)
    with exclusive(folder / ".seed-0-quick.lock"):
        assert main(quick(tmp_path, "--seeds", "0,1")) == 0
    assert [call[2] for call in trained] == [1]
    assert "seed-0-quick: another process is at it" in capsys.readouterr().out
    assert main(quick(tmp_path, "--seeds", "0,1")) == 0
    assert [call[2] for call in trained] == [1, 0]


def test_every_data_set_model_and_seed_is_trained_with_its_protocol(tmp_path, trained):
    main(
        [
            "run",
            "--dataset",
            "digits,fashion-mnist",
            "--model",
            "ann,deeper_cnn",
            "--seeds",
            "2",
            "--out",
            str(tmp_path),
        ]
    )
    assert [call[:3] for call in trained] == [
        (dataset, model, seed)
        for dataset in ("digits", "fashion_mnist")
        for model in ("ann", "deeper_cnn")
        for seed in (0, 1)
    ]
    settings = {call[0]: call[3] for call in trained}
    assert settings["digits"] == protocol.DIGITS
    assert settings["fashion_mnist"] == protocol.Protocol(
        "notebook", 64, 30, 5, 0, 0.1, "adam", 0.001
    )
    for dataset, model, seed, _, folder in trained:
        assert folder == tmp_path / dataset / model / f"seed-{seed}"


def test_without_arguments_all_models_on_digits(trained, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    assert [call[:3] for call in trained] == [
        ("digits", model, 0) for model in ("ann", "basic_cnn", "deeper_cnn")
    ]
    assert trained[0][-1] == Path("runs/digits/ann/seed-0")


def test_quick_trains_two_epochs_unless_told_otherwise(tmp_path, trained):
    main(quick(tmp_path))
    main(quick(tmp_path, "--epochs", "7"))
    assert [call[3].epochs for call in trained] == [2, 7]


def test_the_leak_is_named_where_there_is_one(tmp_path, trained, capsys):
    main(quick(tmp_path))
    assert protocol.LEAK in capsys.readouterr().out
    main(quick(tmp_path, "--protocol", "holdout"))
    assert "test set" not in capsys.readouterr().out


def test_the_table_has_a_row_per_run(quick_study, capsys):
    words = ["--model", "ann,basic_cnn"]
    assert main(quick(quick_study, *words)) == 0
    lines = capsys.readouterr().out.splitlines()
    table = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("|")
    ]
    assert table[0] == [
        "data set",
        "model",
        "seed",
        "parameters",
        "epochs",
        "best",
        "test loss",
        "test accuracy",
        "seconds",
    ]
    for row, name in zip(table[2:], ("ann", "basic_cnn"), strict=True):
        metrics = Run.open(quick_study / "digits" / name / "seed-0-quick").metrics()
        assert row == [
            "digits",
            name,
            "0",
            f"{metrics['parameters']:,}",
            "2",
            str(metrics["best_epoch"] + 1),
            f"{metrics['test_loss']:.4f}",
            f"{metrics['test_accuracy']:.4f}",
            f"{metrics['seconds']:.1f}",
        ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--dataset", "digit"), "unknown name 'digit'; did you mean 'digits'?"),
        (("--model", "ann,cnn"), "unknown name 'cnn'"),
        (("--model", ""), "unknown name ''"),
        (("--seeds", "0"), "expected how many seeds"),
        (("--seeds", "-1"), "expected how many seeds"),
        (("--seeds", "1,-1"), "expected how many seeds"),
        (("--seeds", "x"), "expected how many seeds"),
        (("--seeds", "999999999"), "expected how many seeds"),
        (("--seeds", "1,4294967296"), "expected how many seeds"),
        (("--epochs", "0"), "expected an integer above 0"),
        (("--epochs", "1.5"), "expected an integer above 0"),
        (("--batch-size", "-3"), "expected an integer above 0"),
        (("--protocol", "none"), "invalid choice"),
        (("--verbose", "3"), "invalid choice"),
        (("--colour", "red"), "unrecognized arguments"),
    ],
)
def test_wrong_words_are_refused(words, message, trained, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["run", *words])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert trained == []


def test_names_and_seeds_given_twice_count_once(tmp_path, trained):
    main(quick(tmp_path, "--model", "ann,ann", "--seeds", "4,2,4"))
    assert [call[1:3] for call in trained] == [("ann", 4), ("ann", 2)]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert main(quick(tmp_path / "file")) == 1
    error = capsys.readouterr().err
    assert "can't hold a run" in error and "choose another folder" in error
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    "error",
    [
        CheckpointError("disk full"),
        DatasetError("no network"),
        OSError(28, "No space left on device"),
    ],
)
def test_errors_of_a_run_are_one_message(error, monkeypatch, capsys):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(study, "run", fail)
    assert main([]) == 1
    assert capsys.readouterr().err == f"python -m experiments: {error}\n"


def test_a_keyboard_interrupt_is_a_message_and_130(monkeypatch, capsys):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(study, "run", interrupt)
    assert main([]) == 130
    assert "the same command goes on" in capsys.readouterr().err


# Tests that were started in the background ignore Ctrl-C, and so would a child.
WITH_CTRL_C = (
    "import runpy, signal;"
    "signal.signal(signal.SIGINT, signal.default_int_handler);"
    "runpy.run_module('experiments', run_name='__main__', alter_sys=True)"
)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a child")
def test_ctrl_c_leaves_history_and_weights_and_the_next_call_goes_on(tmp_path):
    out = tmp_path / "runs"
    words = [*quick(out), "--epochs", "10000"]
    child = subprocess.Popen(
        [sys.executable, "-c", WITH_CTRL_C, *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    folder = out / "digits/ann/seed-0-quick"
    try:
        deadline = time.monotonic() + 120
        while not (folder / "last.npz").exists():
            assert child.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        _, error = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == 130
    assert "the same command goes on" in error and "Traceback" not in error
    run = Run.open(folder)
    assert not run.complete
    epochs = run.history()["epoch"]
    assert epochs == list(range(len(epochs))) and epochs
    run.model("best")
    run.model("last")
    assert main(quick(out)) == 0
    assert Run.open(folder).complete
    assert json.loads((folder / "run.json").read_text())["protocol"]["epochs"] == 2
