"""What `EarlyStopping`, `ModelCheckpoint` and `ReduceLROnPlateau` share."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet import naming
from scratchnet.callbacks.callback import Callback

# Endings of metrics' names that tell, in mode "auto", which way is better.
_HIGHER_IS_BETTER = ("accuracy", "acc", "auc", "precision", "recall")
_LOWER_IS_BETTER = ("loss", "error", "crossentropy", "mse", "mae", "mape", "msle")


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
        mode: "min", "max", or "auto": the direction follows from the metric's name.
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
        """Keep the arguments; the direction is looked up when the model is known."""
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__}: expected mode 'auto', 'min' or 'max', "
                f"received {mode!r}; going on with 'auto'",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best: Any = baseline
        self.min_delta = abs(min_delta)
        self.monitor_op: Callable[[Any, Any], Any] | None = None

    def set_model(self, model: Any) -> None:
        """Receive the model, and look up the metric's direction.

        Keras does so at the end of the first epoch, when a mistake in the name has
        cost an epoch already.
        """
        super().set_model(model)
        if model is not None:
            self._set_monitor_op()

    def _set_monitor_op(self) -> None:
        """Choose the comparison.

        Raises:
            ValueError: mode is "auto" and the name doesn't tell.
        """
        mode: str | None = self.mode
        if mode == "auto":
            mode = self._direction_in_model() or _direction_of_name(self.monitor)
        if mode is None:
            raise ValueError(
                f"{type(self).__name__}: monitor={self.monitor!r}: can't tell from the "
                "name whether more or less of it is better; pass mode='max' or "
                "mode='min'"
            )
        self.monitor_op = np.less if mode == "min" else np.greater

    def _direction_in_model(self) -> str | None:
        """Ask the model's metrics: a name of the user's own hides what it measures."""
        for attribute in ("metric_identifiers", "weighted_metric_identifiers"):
            for metric in getattr(self.model, attribute, None) or ():
                if getattr(metric, "name", None) == self.monitor.removeprefix("val_"):
                    return _direction_of_name(naming.snake_case(type(metric).__name__))
        return None

    def _is_improvement(self, value: float, reference: float | None) -> bool:
        """Compare a value with an earlier one, or with none."""
        if math.isnan(value):
            return False
        if reference is None:
            return True
        if self.monitor_op is None:
            self._set_monitor_op()
        assert self.monitor_op is not None
        sign = 1 if self.monitor_op is np.less else -1
        with np.errstate(over="ignore"):
            handicapped = np.float32(value + sign * self.min_delta)
            return bool(self.monitor_op(handicapped, np.float32(reference)))


def _direction_of_name(name: str) -> str | None:
    """Return "max", "min", or None when the name doesn't tell.

    >>> [_direction_of_name(name) for name in ("val_loss", "acc", "learning_rate")]
    ['min', 'max', None]
    """
    words = name.removeprefix("val_").lower()
    if words.endswith(_HIGHER_IS_BETTER):
        return "max"
    if words.endswith(_LOWER_IS_BETTER):
        return "min"
    return None
