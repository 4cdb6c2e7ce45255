"""What `fit`, `evaluate` and `predict` show while they run."""

from __future__ import annotations

import math
import sys
import time
from typing import Any

import numpy as np
from tqdm import tqdm

from scratchnet.callbacks.callback import Callback, Logs, say
from scratchnet.foundation import settings, terminal

# Between two refreshes of the bar; writing to a terminal takes longer than a small
# model's step.
SECONDS_BETWEEN_REFRESHES = 0.05

# Characters between the count of steps and the time.
BAR_WIDTH = 20


class ProgbarLogger(Callback):
    """Show the progress and the running metrics, as the argument ``verbose`` asks.

    - 0: nothing.
    - 1 (or "auto"): one bar per epoch, refreshed as the batches pass, with the time
      that is left, and the epoch's at its end:
      ``938/938 ━━━━━━━━━━━━━━━━━━━━ 12s 13ms/step - accuracy: 0.8200 - loss: 0.5135``.
    - 2: one line per epoch, when it is over, for log files:
      ``938/938 - 12s - 13ms/step - accuracy: 0.8200 - loss: 0.5135``.

    Under `fit` the validation is silent, and its results join the epoch's last line;
    the time per step is then the whole epoch's, validation included. Keras gives the
    number of steps planned even when training stopped in the midst of an epoch; here
    it is the number of steps done. Where nothing says how many there will be, the first
    epoch counts them: ``12/Unknown``.

    Reference: `keras/src/callbacks/progbar_logger.py`, `keras/src/utils/progbar.py`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.target: int | None = None
        self.verbose: int = 1
        self.epochs = 1
        self._called_in_fit = False
        self._bar: Any = None
        self._started = 0.0
        self._refreshed = 0.0

    def set_params(self, params: dict[str, Any]) -> None:
        """Read ``verbose``, ``epochs`` and ``steps`` (None: not known before)."""
        super().set_params(params)
        self.verbose = 1 if params["verbose"] == "auto" else params["verbose"]
        if self.verbose == 1 and not settings.interactive_logging:
            self.verbose = 2  # a bar needs a terminal to be redrawn on
        self.epochs = params["epochs"]
        self.target = params["steps"]

    def on_train_begin(self, logs: Logs = None) -> None:
        """Note that this is `fit`, where validation is silent."""
        self._called_in_fit = True

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Start an epoch's bar."""
        if self.verbose and self.epochs > 1:
            say(f"Epoch {epoch + 1}/{self.epochs}")
        self._start()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Move the bar."""
        self._update(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Show the epoch's results."""
        self._finish(logs)

    def on_train_end(self, logs: Logs = None) -> None:
        """Close a bar that an interrupted epoch left open."""
        self._close()

    def on_test_begin(self, logs: Logs = None) -> None:
        """Start the bar of an `evaluate`."""
        if not self._called_in_fit:
            self._start()

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Move the bar of an `evaluate`."""
        if not self._called_in_fit:
            self._update(batch, logs)

    def on_test_end(self, logs: Logs = None) -> None:
        """Show the results of an `evaluate`."""
        if not self._called_in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Start the bar of a `predict`."""
        self._start()

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Move the bar of a `predict`; the outputs in the logs are not shown."""
        self._update(batch, None)

    def on_predict_end(self, logs: Logs = None) -> None:
        """End the bar of a `predict`."""
        self._finish(None)

    def _start(self) -> None:
        self._close()
        self.seen = 0
        self._started = self._refreshed = time.perf_counter()
        if self.verbose == 1 and sys.stdout is not None:
            self._bar = _Bar(
                total=self.target,
                file=sys.stdout,
                bar_format="{desc}",  # the line is written here, in Keras's form
                # The refreshes are timed here, together with the metrics.
                mininterval=0,
                miniters=0,
            )

    def _update(self, batch: int, logs: Logs) -> None:
        self.seen = batch + 1
        if self._bar is None:
            return
        now = time.perf_counter()
        if now - self._refreshed >= SECONDS_BETWEEN_REFRESHES:
            self._refreshed = now
            self._show(now, logs)

    def _finish(self, logs: Logs) -> None:
        now = time.perf_counter()
        if self.target is None:
            self.target = self.seen
        steps = self.target
        if self._bar is not None:
            self._show(now, logs, finished=True)
            self._close()
        elif self.verbose == 2 and steps > 0:
            elapsed = now - self._started
            count = f"{self.seen:{len(str(steps))}d}/{steps}"
            say(f"{count} - {elapsed:.0f}s - {self._describe(now, logs)}")

    def _show(self, now: float, logs: Logs, *, finished: bool = False) -> None:
        seconds = now - self._started
        start = f"{self.seen:7d}/Unknown"
        if self.target:
            done = BAR_WIDTH * self.seen // self.target
            count = f"{self.seen:{len(str(self.target))}d}/{self.target}"
            start = f"{count} {'━' * done}{'─' * (BAR_WIDTH - done)}"
            if not finished:
                seconds *= (self.target - self.seen) / max(1, self.seen)
        line = f"{start} {format_seconds(seconds)} {self._describe(now, logs)}"
        self._bar.set_description_str(terminal.shown(line), refresh=False)
        self._bar.n = self.seen
        self._bar.refresh()

    def _describe(self, now: float, logs: Logs) -> str:
        seconds_per_step = (now - self._started) / max(1, self.seen)
        return " - ".join([format_step_time(seconds_per_step), *format_metrics(logs)])

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class _Bar(tqdm):
    # tqdm's watching thread helps bars that are seldom updated. Here it would only
    # stand in the way of a fork.
    monitor_interval = 0


def format_metrics(logs: Logs) -> list[str]:
    """Write metrics with four digits, the small ones as powers of ten.

    >>> format_metrics({"accuracy": 0.82, "loss": 0.000512})
    ['accuracy: 0.8200', 'loss: 5.1200e-04']
    """
    return [f"{name}: {_format_value(value)}" for name, value in (logs or {}).items()]


def _format_value(value: Any) -> str:
    if isinstance(value, str):
        return value
    number = value if isinstance(value, float) else float(np.mean(value))
    return f"{number:.4f}" if math.fabs(number) > 1e-3 else f"{number:.4e}"


def format_seconds(seconds: float) -> str:
    """Write a time as Keras does.

    >>> [format_seconds(seconds) for seconds in (0.4, 42, 200, 7384)]
    ['0s', '42s', '3:20', '2:03:04']
    """
    minutes, rest = divmod(int(seconds), 60)
    if seconds > 3600:
        return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if seconds > 60 else f"{seconds:.0f}s"


def format_step_time(seconds: float) -> str:
    """Write the time of a step in the largest unit that leaves it at 1 or more.

    >>> [format_step_time(seconds) for seconds in (2.4, 0.0132, 0.00004)]
    ['2s/step', '13ms/step', '40us/step']
    """
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/step"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f}ms/step"
    return f"{seconds * 1e6:.0f}us/step"
