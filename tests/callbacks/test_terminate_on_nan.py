from __future__ import annotations

import pytest
from fake_model import FakeModel, fit

from scratchnet.callbacks import TerminateOnNaN

LAST = [{"loss": 1.0}, {"loss": 1.0}]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_training_stops_after_the_batch(
    bad: float, capsys: pytest.CaptureFixture[str]
) -> None:
    model = FakeModel()
    running = [{"loss": 1.0}, {"loss": bad}, {"loss": 1.0}]
    fit(model, TerminateOnNaN(), LAST, 3, running)
    assert model.stop_training and model.weight[0] == 2
    assert "Batch 1: Invalid loss" in capsys.readouterr().out


def test_raise_error_raises() -> None:
    with pytest.raises(RuntimeError, match="received nan at batch 0"):
        fit(FakeModel(), TerminateOnNaN(True), LAST, 1, [{"loss": float("nan")}])


def test_finite_losses_and_other_metrics_do_not_stop() -> None:
    model = FakeModel()
    running = [{"loss": 1.0, "accuracy": float("nan")}, {}]
    fit(model, TerminateOnNaN(), LAST, 2, running)
    assert not model.stop_training
