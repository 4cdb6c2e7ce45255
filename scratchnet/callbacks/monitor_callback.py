"""What `EarlyStopping`, `ModelCheckpoint` and `ReduceLROnPlateau` share."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.callbacks.callback import Callback, Logs
from scratchnet.foundation import arguments


class MonitorCallback(Callback):
    """Watch one metric and tell whether it has improved.

        improvement:  value + min_delta < best   (mode "min")
                      value − min_delta > best   (mode "max")

    The first value is always an improvement. The two sides are compared in float32,
    as Keras does: the metrics are float32, and a difference below their resolution
    is none.

    Where scratchnet deviates from Keras: **NaN is never an improvement.** In Keras a
    NaN in the first epoch becomes the best value, nothing is ever better than it, and
    the weights of that epoch are what is kept. And a value beyond the range of float32
    counts as infinite; Keras ends with an error.

    Args:
        monitor: name of the metric in the logs.
        mode: "min", "max", or "auto": less of a loss is better, and of the metrics
            that the model is compiled with, each knows its direction.
        baseline: first value of `best`.
        min_delta: the least change that counts; its sign doesn't matter.

    Attributes:
        best: best value so far, None before the first.
        monitor_op: `numpy.less` or `numpy.greater`, None before it is known.

    Reference: `keras/src/callbacks/monitor_callback.py`.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        who = type(self).__name__
        if not isinstance(monitor, str):
            raise ValueError(
                f"{who}: expected the name of a metric for monitor, "
                f"received {monitor!r}"
            )
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{who}: expected mode 'auto', 'min' or 'max', "
                f"received {mode!r}; going on with 'auto'",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best: Any = baseline
        self.min_delta = abs(arguments.real(who, "min_delta", min_delta))
        self.monitor_op: Callable[[Any, Any], Any] | None = None

    def set_model(self, model: Any) -> None:
        """Receive the model, and look up the metric's direction.

        Keras does so at the end of the first epoch, when a mistake in the name has
        cost an epoch already.

        Raises:
            ValueError: mode is "auto", and monitor is neither the loss nor a metric
                that the model was compiled with.
        """
        super().set_model(model)
        mode: str | None = self.mode
        if mode == "auto":
            known = self._directions()
            mode = known.get(self.monitor.removeprefix("val_"))
            if mode is None:
                raise ValueError(
                    f"{type(self).__name__}: monitor={self.monitor!r}: can't tell "
                    "whether more or less of it is better; known are "
                    f"{', '.join(known)}, each with and without 'val_'; for anything "
                    "else pass mode='max' or mode='min'"
                )
        self.monitor_op = np.less if mode == "min" else np.greater

    def _directions(self) -> dict[str, str]:
        """Return the mode of the loss, and of the model's metrics that have one."""
        return {"loss": "min", **getattr(self.model, "metric_directions", {})}

    def get_monitor_value(self, logs: Logs) -> Any:
        """Return the metric's value, or None with a warning where it is missing."""
        logs = logs or {}
        value = logs.get(self.monitor)
        if value is None:
            warnings.warn(
                f"{type(self).__name__}: the metric {self.monitor!r} is not available; "
                f"there are: {', '.join(logs) or 'none'}",
                stacklevel=3,
            )
        return value

    def _is_improvement(self, value: float, reference: float | None) -> bool:
        """Compare a value with an earlier one, or with none."""
        if math.isnan(value):
            return False
        if reference is None:
            return True
        assert self.monitor_op is not None  # since `set_model`
        sign = 1 if self.monitor_op is np.less else -1
        with np.errstate(over="ignore"):
            handicapped = np.float32(value + sign * self.min_delta)
            return bool(self.monitor_op(handicapped, np.float32(reference)))
