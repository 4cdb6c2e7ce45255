from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scratchnet import Input, Sequential, metrics
from scratchnet.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from scratchnet.callbacks.monitor_callback import MonitorCallback
from scratchnet.layers import Dense

NAN, INF = float("nan"), float("inf")


def compiled(*given: Any, weighted: Any = ()) -> Any:
    """Return what callbacks see of a model compiled with such metrics."""
    known = map(metrics.name_and_mode, (*given, *weighted))
    return SimpleNamespace(metric_directions={name: m for name, m in known if m})


@pytest.mark.parametrize(
    ("monitor", "expected"),
    [
        ("loss", np.less),
        ("val_loss", np.less),
        ("val_mse", np.less),
        ("mean_squared_error", np.less),
        ("acc", np.greater),
        ("val_acc", np.greater),
        ("sparse_top_k_categorical_accuracy", np.greater),
        ("val_top5", np.greater),
        ("distance", np.less),
        ("BinaryAccuracy", np.greater),
    ],
)
def test_auto_mode_asks_the_metrics_that_the_model_was_compiled_with(
    monitor: str, expected: Any
) -> None:
    model = compiled(
        *("acc", "mse", "mean_squared_error", "sparse_top_k_categorical_accuracy"),
        metrics.TopKCategoricalAccuracy(name="top5"),
        metrics.MeanSquaredError(name="distance"),
        weighted=["BinaryAccuracy"],
    )
    callback = MonitorCallback(monitor)
    callback.set_model(model)
    assert callback.monitor_op is expected


@pytest.mark.parametrize("kind", [EarlyStopping, ReduceLROnPlateau, ModelCheckpoint])
@pytest.mark.parametrize("monitor", ["val_speed", "val_acc", "recall", "my_loss"])
def test_auto_mode_refuses_what_the_model_does_not_measure(
    kind: Any, monitor: str
) -> None:
    arguments = {"filepath": "a.keras"} if kind is ModelCheckpoint else {}
    message = (
        f"{kind.__name__}: monitor='{monitor}'.*known are loss, accuracy,"
        ".*mode='max' or mode='min'"
    )
    with pytest.raises(ValueError, match=message):
        kind(monitor=monitor, **arguments).set_model(compiled("accuracy"))
    kind(monitor=monitor, mode="max", **arguments).set_model(compiled("accuracy"))


def test_a_metric_of_ones_own_may_tell_its_direction() -> None:
    class Recall(metrics.Metric):
        pass

    with pytest.raises(ValueError, match="known are loss, each"):
        MonitorCallback("val_recall").set_model(compiled(Recall(name="recall")))
    Recall._direction = "up"
    callback = MonitorCallback("val_recall")
    callback.set_model(compiled(Recall(name="recall")))
    assert callback.monitor_op is np.greater


def test_a_misspelt_monitor_ends_fit_before_the_first_epoch() -> None:
    model = Sequential([Input((2,)), Dense(2, "softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    before = model.get_weights()
    x = y = np.eye(2)
    with pytest.raises(ValueError, match=r"monitor='val_acc'.*loss, accuracy"):
        model.fit(x, y, verbose=0, callbacks=[EarlyStopping(monitor="val_acc")])
    assert all(map(np.array_equal, before, model.get_weights()))


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
    callback.set_model(compiled())
    assert callback._is_improvement(value, reference) is expected
