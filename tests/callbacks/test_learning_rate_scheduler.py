from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fake_model import FakeModel, fit, values

from scratchnet.callbacks import LearningRateScheduler


@pytest.mark.parametrize(
    "schedule",
    [
        lambda epoch, rate: rate / 2,
        lambda epoch: 0.1 * 0.5 ** (epoch + 1),
        lambda epoch: np.float64(0.1 * 0.5 ** (epoch + 1)),
    ],
)
def test_the_schedule_sets_and_logs_the_rate(schedule: Any) -> None:
    model = FakeModel()
    fit(model, LearningRateScheduler(schedule), values("loss", 1, 1, 1))
    assert model.history.history["learning_rate"] == [0.05, 0.025, 0.0125]
    assert model.optimizer.learning_rate == 0.0125


@pytest.mark.parametrize("result", [1, None, "0.1", np.array([0.1])])
def test_the_schedule_must_return_a_float(result: Any) -> None:
    scheduler = LearningRateScheduler(lambda epoch: result)
    with pytest.raises(ValueError, match="expected schedule to return a float"):
        fit(FakeModel(), scheduler, values("loss", 1))


def test_an_error_inside_the_schedule_is_passed_on() -> None:
    def schedule(epoch: int, rate: float = 0.1) -> float:
        raise TypeError("inside")

    with pytest.raises(TypeError, match="inside"):
        fit(FakeModel(), LearningRateScheduler(schedule), values("loss", 1))


def test_the_schedule_must_be_a_function() -> None:
    with pytest.raises(TypeError, match="expected a function"):
        LearningRateScheduler(0.1)  # type: ignore[arg-type]


def test_verbose_says_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    scheduler = LearningRateScheduler(lambda epoch: 0.5, verbose=1)
    fit(FakeModel(), scheduler, values("loss", 1))
    line = "Epoch 1: LearningRateScheduler setting learning rate to 0.5.\n"
    assert capsys.readouterr().out == line
