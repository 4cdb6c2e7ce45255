from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fake_model import FakeModel

from scratchnet.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from scratchnet.callbacks.monitor_callback import MonitorCallback

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("monitor", "expected"),
    [
        ("loss", np.less),
        ("val_loss", np.less),
        ("mean_squared_error", np.less),
        ("val_mse", np.less),
        ("categorical_crossentropy", np.less),
        ("acc", np.greater),
        ("val_accuracy", np.greater),
        ("sparse_top_k_categorical_accuracy", np.greater),
        ("auc", np.greater),
    ],
)
def test_auto_mode_reads_the_direction_from_the_name(
    monitor: str, expected: Any
) -> None:
    callback = MonitorCallback(monitor)
    callback.set_model(FakeModel())
    assert callback.monitor_op is expected


@pytest.mark.parametrize("kind", [EarlyStopping, ReduceLROnPlateau])
def test_auto_mode_refuses_a_name_that_does_not_tell(kind: Any) -> None:
    callback = kind(monitor="val_speed")
    message = f"{kind.__name__}: monitor='val_speed'.*mode='max' or mode='min'"
    with pytest.raises(ValueError, match=message):
        callback.set_model(FakeModel())
    kind(monitor="val_speed", mode="max").set_model(FakeModel())


def test_auto_mode_knows_a_renamed_metric_of_the_model() -> None:
    class TopKCategoricalAccuracy:
        name = "top5"

    model: Any = SimpleNamespace(metric_identifiers=["mse", TopKCategoricalAccuracy()])
    callback = MonitorCallback("val_top5")
    callback.set_model(model)
    assert callback.monitor_op is np.greater


def test_an_unknown_mode_warns_and_becomes_auto() -> None:
    with pytest.warns(UserWarning, match="EarlyStopping: expected mode.*'minimum'"):
        callback = EarlyStopping(mode="minimum")
    assert callback.mode == "auto"
    with pytest.warns(UserWarning, match="ModelCheckpoint"):
        ModelCheckpoint("a.keras", mode="no")


@pytest.mark.parametrize(
    ("mode", "delta", "value", "reference", "expected"),
    [
        ("min", 0, 1.0, None, True),
        ("min", 0, 0.9, 1.0, True),
        ("min", 0, 1.0, 1.0, False),
        ("min", 0.25, 0.75, 1.0, False),
        ("min", 0.25, 0.5, 1.0, True),
        ("min", -0.25, 0.75, 1.0, False),
        ("max", 0, 1.1, 1.0, True),
        ("max", 0, 1.0, 1.0, False),
        ("max", 0.25, 1.25, 1.0, False),
        ("max", 0.25, 1.5, 1.0, True),
        ("min", 0, INF, None, True),
        ("min", 0, -INF, 0.0, True),
        ("max", 0, INF, INF, False),
        ("min", 0, NAN, None, False),
        ("min", 0, NAN, 1.0, False),
        ("max", 0, NAN, None, False),
        # One part in 10^12 is nothing in float32; one in 10^6 is something.
        ("min", 0, 1.0 - 1e-12, 1.0, False),
        ("min", 0, 1.0 - 1e-6, 1.0, True),
        # Beyond float32's range both sides are infinite.
        ("max", 0, 1e300, 1e200, False),
    ],
)
def test_improvement_is_strict_and_never_nan(
    mode: str, delta: float, value: float, reference: float | None, expected: bool
) -> None:
    callback = MonitorCallback("loss", mode, min_delta=delta)
    assert callback._is_improvement(value, reference) is expected
