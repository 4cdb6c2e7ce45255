from __future__ import annotations

import re
from typing import Any

import pytest
from fake_model import FakeModel, fit

from scratchnet.callbacks import CallbackList, EarlyStopping, progress_bar
from scratchnet.callbacks.progress_bar import (
    ProgbarLogger,
    format_metrics,
    format_step_time,
)

LOGS = {"accuracy": 0.82, "loss": 0.51349, "val_accuracy": 1.0, "val_loss": 2e-5}
TIME = r"\d+s - \d+(s|ms|us)/step"


def progbar(verbose: Any, epochs: int = 1, steps: int | None = 2) -> CallbackList:
    return CallbackList(
        add_progbar=True, model=FakeModel(), verbose=verbose, epochs=epochs, steps=steps
    )


def run(members: CallbackList, phase: str, batches: int = 2) -> None:
    getattr(members, f"on_{phase}_begin")()
    for batch in range(batches):
        getattr(members, f"on_{phase}_batch_end")(batch, {"loss": 1.0})
    getattr(members, f"on_{phase}_end")({"loss": 0.25})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.82, "0.8200"),
        (12345.678, "12345.6780"),
        (0.00101, "0.0010"),
        (0.001, "1.0000e-03"),
        (0.0, "0.0000e+00"),
        (-2.5, "-2.5000"),
        (-0.0002, "-2.0000e-04"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        ([1.0, 2.0], "1.5000"),
        ("text", "text"),
    ],
)
def test_values_are_written_as_keras_writes_them(value: Any, expected: str) -> None:
    assert format_metrics({"m": value}) == [f"m: {expected}"]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (2.4, "2s/step"),
        (1.0, "1s/step"),
        (0.013, "13ms/step"),
        (0.001, "1ms/step"),
        (5e-5, "50us/step"),
        (0, "0s/step"),
    ],
)
def test_times_are_written_in_a_fitting_unit(seconds: float, expected: str) -> None:
    assert format_step_time(seconds) == expected


def test_verbose_2_prints_a_line_per_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    bar = ProgbarLogger()
    fit(FakeModel(), bar, [LOGS, LOGS], 12, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2"
    for line in (lines[1], lines[3]):
        assert re.fullmatch(
            f"12/12 - {TIME} - accuracy: 0.8200 - loss: 0.5135 - "
            "val_accuracy: 1.0000 - val_loss: 2.0000e-05",
            line,
        )
    assert len(lines) == 4


def test_a_single_epoch_has_no_heading(capsys: pytest.CaptureFixture[str]) -> None:
    fit(FakeModel(), ProgbarLogger(), [LOGS], verbose=2)
    assert "Epoch" not in capsys.readouterr().out


def test_verbose_0_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    fit(FakeModel(), ProgbarLogger(), [LOGS, LOGS], verbose=0)
    for phase in ("test", "predict"):
        run(progbar(0), phase)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


@pytest.mark.parametrize("verbose", [1, "auto"])
def test_verbose_1_shows_a_bar_per_epoch_with_the_metrics(
    verbose: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    fit(FakeModel(), ProgbarLogger(), [LOGS, LOGS], 5, verbose=verbose)
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = captured.out.split("\n")
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2"
    for line in (lines[1], lines[3]):
        last = line.split("\r")[-1]
        assert re.match(f"5/5 ━{{20}} {TIME.replace(' - ', ' ')} - accuracy", last)
        assert "accuracy: 0.8200 - loss: 0.5135 - val_accuracy: 1.0000" in last


def test_the_bar_shows_running_metrics(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_bar, "SECONDS_BETWEEN_REFRESHES", 0)
    running = [{"loss": 3.0}, {"loss": 2.0}, {"loss": 1.5}]
    fit(FakeModel(), ProgbarLogger(), [LOGS], 3, running, verbose=1)
    shown = capsys.readouterr().out.split("\r")
    for count, loss in [("1/3", "3.0000"), ("2/3", "2.0000"), ("3/3", "1.5000")]:
        assert any(one.startswith(count) and f"loss: {loss}" in one for one in shown)


def test_the_bar_grows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_bar, "SECONDS_BETWEEN_REFRESHES", 0)
    fit(FakeModel(), ProgbarLogger(), [LOGS], 10, verbose=1)
    shown = capsys.readouterr().out.split("\r")
    for done in (1, 5, 9):
        line = f"{done:2d}/10 {'━' * 2 * done}{'─' * 2 * (10 - done)} 0s "
        assert any(one.startswith(line) for one in shown)


def test_steps_that_nobody_knows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_bar, "SECONDS_BETWEEN_REFRESHES", 0)
    run(progbar(1, steps=None), "test")
    shown = capsys.readouterr().out.split("\r")
    assert any(re.match(r" +1/Unknown 0s \d", one) for one in shown)
    assert shown[-1].startswith("2/2 ━")


def test_the_bar_is_refreshed_seldom(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_bar, "SECONDS_BETWEEN_REFRESHES", 3600)
    fit(FakeModel(), ProgbarLogger(), [LOGS], 500, verbose=1)
    assert capsys.readouterr().out.count("\r") < 6


@pytest.mark.parametrize("phase", ["test", "predict"])
def test_evaluate_and_predict_have_a_line_too(
    phase: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(progbar(2), phase)
    metrics = " - loss: 0.2500" if phase == "test" else ""
    assert re.fullmatch(f"2/2 - {TIME}{metrics}\n", capsys.readouterr().out)
    run(progbar(1), phase)
    assert capsys.readouterr().out.split("\r")[-1].startswith("2/2 ")


def test_a_validation_within_fit_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    members = progbar(2)
    members.on_train_begin()
    run(members, "test")
    assert capsys.readouterr().out == ""


def test_an_unknown_number_of_steps_is_learnt(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fit(FakeModel(), ProgbarLogger(), [LOGS], 3, verbose=2, steps=None)
    assert capsys.readouterr().out.startswith("3/3 - ")


def test_an_epoch_that_was_cut_short_says_how_far_it_came(
    capsys: pytest.CaptureFixture[str],
) -> None:
    members = progbar(2, steps=100)
    members.on_train_begin()
    members.on_epoch_begin(0)
    members.on_train_batch_end(0, {"loss": 1.0})
    members.on_epoch_end(0, {"loss": 1.0})
    assert capsys.readouterr().out.startswith("  1/100 - ")


def test_a_bar_left_open_is_closed_when_training_ends() -> None:
    members = progbar(1)
    members.on_train_begin()
    members.on_epoch_begin(0)
    bar: Any = members.callbacks[0]
    assert bar._bar is not None
    members.on_train_end()
    assert bar._bar is None


def test_messages_do_not_land_in_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    stopping = EarlyStopping(verbose=1)
    fit(FakeModel(), [stopping, ProgbarLogger()], [LOGS, LOGS], verbose=1)
    assert "\nEpoch 2: early stopping\n" in capsys.readouterr().out
