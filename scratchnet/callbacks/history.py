"""The record that `fit` returns."""

from __future__ import annotations

from typing import Any

from scratchnet.callbacks.callback import Callback, Logs


class History(Callback):
    """Collect the logs of every epoch; every `fit` has one, and returns it.

    Attributes:
        history: dict, name of a metric → list of its values, one per epoch that
            logged it.
        epoch: the epochs' numbers, from 0, since `fit` began.

    Reference: `keras/src/callbacks/history.py`.

    >>> history = History()
    >>> history.on_train_begin()
    >>> history.on_epoch_end(0, {"loss": 0.5})
    >>> history.on_epoch_end(1, {"loss": 0.25})
    >>> history.epoch, history.history
    ([0, 1], {'loss': [0.5, 0.25]})
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        """Count the epochs anew; values of an earlier `fit` stay, as in Keras."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Add the epoch's logs."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        if self.model is not None:
            self.model.history = self
