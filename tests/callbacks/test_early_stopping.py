from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fake_model import FakeModel, fit, values

from scratchnet.callbacks import EarlyStopping

NAN, INF = float("nan"), float("inf")

# arguments, values of the metric per epoch, epochs run, best, best epoch, stopped epoch
CASES: list[Any] = [
    ({}, [3, 2, 1], 3, 1, 2, 0),
    ({}, [3, 4, 1], 2, 3, 0, 1),
    ({}, [3, 3, 1], 2, 3, 0, 1),
    ({"patience": 2}, [3, 4, 5, 1], 3, 3, 0, 2),
    ({"patience": 2}, [3, 4, 2, 3, 3, 3], 5, 2, 2, 4),
    ({"patience": 9}, [3, 4, 5], 3, 3, 0, 0),
    # A difference of exactly min_delta is none.
    ({"min_delta": 0.5, "patience": 1}, [3, 2.5, 1], 2, 3, 0, 1),
    ({"min_delta": 0.5, "patience": 1}, [3, 2.25, 1], 3, 1, 2, 0),
    ({"min_delta": -0.5, "patience": 1}, [3, 2.5, 1], 2, 3, 0, 1),
    ({"mode": "max"}, [1, 2, 3], 3, 3, 2, 0),
    ({"mode": "max"}, [1, 2, 2], 3, 2, 1, 2),
    ({"mode": "max", "min_delta": 0.5, "patience": 1}, [1, 1.5, 9], 2, 1, 0, 1),
    # Not beaten, the baseline lets the wait go on; a new best postpones the stop.
    ({"baseline": 1, "patience": 2}, [5, 6, 0], 2, 5, 0, 1),
    ({"baseline": 1, "patience": 2}, [5, 4, 3, 6, 0], 4, 3, 2, 3),
    ({"baseline": 9, "patience": 2}, [5, 6, 6, 0], 3, 5, 0, 2),
    ({"baseline": 1}, [5, 4, 3], 3, 3, 2, 0),
    # Epochs before start_from_epoch leave no trace.
    ({"start_from_epoch": 2}, [0, 9, 3, 4, 5], 4, 3, 2, 3),
    ({"start_from_epoch": 2, "patience": 2}, [0, 9, 3, 4, 5], 5, 3, 2, 4),
    ({"start_from_epoch": 9}, [1, 2, 3], 3, None, 0, 0),
    # NaN counts as an epoch without improvement, also the first.
    ({"patience": 1}, [3, NAN, 1], 2, 3, 0, 1),
    ({"patience": 2}, [3, NAN, 1, 2], 4, 1, 2, 0),
    ({"patience": 2}, [NAN, 3, 2], 3, 2, 2, 0),
    ({"patience": 0}, [NAN, NAN, 3], 2, None, 0, 1),
    ({"patience": 3}, [NAN, 3, NAN, NAN, NAN, 1], 5, 3, 1, 4),
    ({"patience": 1}, [INF, 3, 4], 3, 3, 1, 2),
    # Beyond float32, in which values are compared, they are infinite.
    ({"patience": 1}, [1e39, 3, 1e39], 3, 3, 1, 2),
    ({"patience": 1}, [1e39, 2e39, 3], 2, 1e39, 0, 1),
]


@pytest.mark.parametrize(
    ("arguments", "metric", "epochs", "best", "best_epoch", "stopped"), CASES
)
@pytest.mark.parametrize("restore", [False, True])
def test_on_a_sequence_of_values(
    arguments: dict[str, Any],
    metric: list[float],
    epochs: int,
    best: float | None,
    best_epoch: int,
    stopped: int,
    restore: bool,
) -> None:
    model = FakeModel()
    stopping = EarlyStopping(**arguments, restore_best_weights=restore)
    fit(model, stopping, values("val_loss", *metric))
    assert len(model.history.epoch) == epochs
    assert (stopping.best, stopping.best_epoch) == (best, best_epoch)
    assert stopping.stopped_epoch == stopped
    assert model.stop_training is (stopped > 0)
    # A batch adds 1 to the weights: they tell which epoch they are from.
    is_restored = restore and best is not None
    assert model.weight[0] == (best_epoch + 1 if is_restored else epochs)


def test_never_stops_after_the_first_epoch() -> None:
    model = FakeModel()
    fit(model, EarlyStopping(patience=0, baseline=0.5), values("val_loss", 3))
    assert not model.stop_training


def test_missing_values_warn_and_are_not_counted() -> None:
    model, stopping = FakeModel(), EarlyStopping(patience=1)
    with pytest.warns(UserWarning, match="'val_loss' is not available.*other"):
        fit(model, stopping, values("val_loss", 3, None, None, 2))
    assert len(model.history.epoch) == 4
    assert (stopping.best, stopping.wait) == (2, 0)


def test_the_best_weights_are_copies_and_all_of_them_come_back() -> None:
    model = FakeModel()
    stopping = EarlyStopping(restore_best_weights=True, patience=5)
    fit(model, stopping, values("val_loss", 3, 1, 2))
    assert stopping.best_weights is not None
    np.testing.assert_array_equal(stopping.best_weights[0], [2, 2, 2])
    np.testing.assert_array_equal(model.weight, [2, 2, 2])
    assert not np.shares_memory(stopping.best_weights[0], model.weight)


def test_a_second_fit_starts_anew() -> None:
    model = FakeModel()
    stopping = EarlyStopping(restore_best_weights=True)
    fit(model, stopping, values("val_loss", 1, 2))
    assert stopping.stopped_epoch == 1
    fit(model, stopping, values("val_loss", 9, 8))
    assert (stopping.best, stopping.best_epoch, stopping.stopped_epoch) == (8, 1, 0)


def test_weights_come_back_when_the_last_epoch_ends_training() -> None:
    model, stopping = FakeModel(), EarlyStopping(restore_best_weights=True, patience=9)
    fit(model, stopping, values("val_loss", 1, 2, 3))
    assert model.weight[0] == 1


def test_verbose_says_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    stopping = EarlyStopping(verbose=1, restore_best_weights=True)
    fit(FakeModel(), stopping, values("val_loss", 1, 2))
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 2: early stopping",
        "Restoring model weights from the end of the best epoch: 1.",
    ]
    fit(FakeModel(), EarlyStopping(), values("val_loss", 1, 2))
    assert capsys.readouterr().out == ""
