"""Slow down when it gets no better."""

from __future__ import annotations

import numpy as np

from scratchnet.callbacks.callback import Logs, say
from scratchnet.callbacks.monitor_callback import MonitorCallback
from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature


@keras_signature
class ReduceLROnPlateau(MonitorCallback):
    """Reduce the learning rate when a metric has stopped improving.

        after `patience` epochs without improvement:
            learning_rate = max(learning_rate · factor, min_lr)

    After that, ``cooldown`` epochs pass in which nothing is counted. The learning
    rate that the epoch was trained with joins the logs as ``learning_rate``.

    The state starts anew with every `fit`, also with one that `BackupAndRestore`
    resumes: the learning rate is kept there, the epochs counted so far are not.

    Where scratchnet deviates from Keras: NaN is never an improvement, not even in the
    first epoch; an unknown argument is an error (Keras ignores it); and learning rates
    are Python's numbers, where Keras rounds them to float32 at every reduction.

    Args:
        monitor: name of the metric in the logs.
        factor: what the learning rate is multiplied by, below 1.
        patience: epochs without improvement before it is reduced.
        verbose: 1 prints a line when it is.
        mode: "min", "max" or "auto".
        min_delta: the least change that counts as an improvement.
        cooldown: epochs after a reduction in which none are counted.
        min_lr: the learning rate goes no lower.

    Raises:
        ValueError: factor is 1 or more.

    Reference: `keras/src/callbacks/reduce_lr_on_plateau.py`.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        who = type(self).__name__
        self.factor = arguments.fraction(who, "factor", factor, below_1=True)
        self.patience = arguments.count(who, "patience", patience, 0, least=0)
        self.verbose = verbose
        self.cooldown = arguments.count(who, "cooldown", cooldown, 0, least=0)
        self.min_lr = arguments.non_negative(who, "min_lr", min_lr)
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        """Forget an earlier `fit`."""
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Log the learning rate, compare the metric, and reduce if it is time."""
        logs = logs or {}
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        value = self.get_monitor_value(logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
        if self._is_improvement(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def in_cooldown(self) -> bool:
        """Whether epochs still have to pass before any is counted."""
        return self.cooldown_counter > 0

    def _reduce(self, epoch: int) -> None:
        optimizer = self.model.optimizer
        old = float(optimizer.learning_rate)
        # Keras holds learning rates in float32; so 1e-3, once there, is not above it.
        if not np.float32(old) > np.float32(self.min_lr):
            return
        new = max(old * self.factor, self.min_lr)
        optimizer.learning_rate = new
        self.cooldown_counter = self.cooldown
        self.wait = 0
        if self.verbose > 0:
            say(
                f"Epoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}."
            )
