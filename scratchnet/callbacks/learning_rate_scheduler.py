"""Set the learning rate of every epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

from scratchnet.callbacks.callback import Callback, Logs, say


class LearningRateScheduler(Callback):
    """Ask a function for the learning rate at the beginning of every epoch.

    The rate joins the epoch's logs as ``learning_rate``.

    Args:
        schedule: ``schedule(epoch, learning_rate)`` or ``schedule(epoch)``, with the
            epoch from 0 and the rate now; returns the new rate as a float.
        verbose: 1 prints a line per epoch.

    Raises:
        TypeError: schedule can't be called.
        ValueError: schedule returned something else than a float.

    Reference: `keras/src/callbacks/learning_rate_scheduler.py`.

    >>> halve_every_tenth = LearningRateScheduler(
    ...     lambda epoch, rate: rate / 2 if epoch and epoch % 10 == 0 else rate
    ... )
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(
                "LearningRateScheduler: expected a function schedule(epoch, "
                f"learning_rate), received {schedule!r}"
            )
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Set the rate for this epoch."""
        optimizer = self.model.optimizer
        if _takes_two(self.schedule):
            rate = self.schedule(epoch, float(optimizer.learning_rate))
        else:
            rate = self.schedule(epoch)
        if not isinstance(rate, float | np.float32):
            raise ValueError(
                "LearningRateScheduler: expected schedule to return a float, received "
                f"{rate!r}"
            )
        optimizer.learning_rate = float(rate)
        if self.verbose > 0:
            say(
                f"Epoch {epoch + 1}: LearningRateScheduler setting learning rate to "
                f"{rate}."
            )

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Log the rate."""
        logs = logs or {}
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _takes_two(function: Callable[..., float]) -> bool:
    """Whether a function can be called with two arguments.

    Keras tries, and takes any TypeError for a no, also one raised inside.
    """
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # Some functions written in C don't tell.
        return True
    return True
