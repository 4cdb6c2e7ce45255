"""What a run shows while it trains: a line per epoch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from scratchnet.callbacks import Callback

METRICS = ("loss", "accuracy", "val_loss", "val_accuracy")


def say(text: str) -> None:
    """Print at once, so that the lines keep their order with those of other streams."""
    print(text, flush=True)


class EpochSeconds(Callback):
    """Add each epoch's duration, validation included, to its logs."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write down the time, for the callbacks that come after this one."""
        if logs is not None:
            logs["seconds"] = time.perf_counter() - self.started


class EpochTable(Callback):
    """Print a table of the metrics, one line per epoch, as the epochs end.

        epoch      loss  accuracy  val_loss  val_accuracy  seconds
        1/20     0.8860    0.7649    0.3163        0.9183      0.3  *

    A star marks a validation loss lower than all before it. The seconds are those of
    an `EpochSeconds` earlier in the list of callbacks.

    Args:
        epochs: how many there will be at most.
    """

    def __init__(self, epochs: int) -> None:
        """Start with no epoch."""
        super().__init__()
        self.epochs = epochs
        self.best = float("inf")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Print the epoch's line, and the heading before the first."""
        values = logs or {}
        if epoch == 0:
            say(_line("epoch", METRICS, "seconds"))
        metrics = [f"{values[name]:.4f}" for name in METRICS]
        seconds = f"{values['seconds']:.1f}"
        line = _line(f"{epoch + 1}/{self.epochs}", metrics, seconds)
        if values["val_loss"] < self.best:
            self.best = values["val_loss"]
            line += "  *"
        say(line)


def _line(first: str, metrics: Sequence[str], last: str) -> str:
    cells = [
        f"{cell:>{max(len(name), 8)}}"
        for cell, name in zip(metrics, METRICS, strict=True)
    ]
    return "  ".join([f"{first:<7}", *cells, f"{last:>7}"])
