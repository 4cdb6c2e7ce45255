"""Stop when it gets no better."""

from __future__ import annotations

import numpy as np

from scratchnet.callbacks.callback import Logs, say
from scratchnet.callbacks.monitor_callback import MonitorCallback
from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature


@keras_signature
class EarlyStopping(MonitorCallback):
    """Stop training when a metric has not improved for a number of epochs.

    At the end of an epoch, unless the metric is missing (a warning) or the epoch is
    earlier than ``start_from_epoch``:

        improved on best:     remember best, epoch and weights;
                              wait = 0 if it beats the baseline too (or there is none)
        not improved:         wait = wait + 1;
                              stop if wait ≥ patience, but never after epoch 0

    With ``restore_best_weights`` the best epoch's weights are put back at the end,
    however training ended: by patience, by the last epoch or by Ctrl-C. These are all
    weights, the moving statistics among them, but not the optimizer's state: training
    on from them mixes old weights with new moments.

    The state starts anew with every `fit`, also with one that `BackupAndRestore`
    resumes: the patience is counted from there, and the best epoch is the best since.

    Where scratchnet deviates from Keras: NaN is never an improvement. It counts
    towards the patience, and a first epoch whose metric is NaN is never the best.

    Args:
        monitor: name of the metric in the logs.
        min_delta: the least change that counts as an improvement.
        patience: epochs without improvement after which training stops.
        verbose: 1 prints a line when training is stopped and weights are restored.
        mode: "min", "max" or "auto".
        baseline: a value that the metric has to beat for the patience to start again.
        restore_best_weights: put the best epoch's weights back at the end.
        start_from_epoch: epochs before this one (from 0) are not looked at.

    Attributes:
        best: best value of this `fit`, None before the first.
        best_epoch: its epoch, from 0.
        best_weights: copies of the weights then, None without restore_best_weights.
        wait: epochs since the last improvement.
        stopped_epoch: the epoch that training was stopped after, 0 if it was not.

    Reference: `keras/src/callbacks/early_stopping.py`.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        who = type(self).__name__
        self.patience = arguments.count(who, "patience", patience, 0, least=0)
        self.verbose = verbose
        if baseline is not None:
            baseline = arguments.real(who, "baseline", baseline)
        self.baseline = baseline
        self.restore_best_weights = arguments.flag(
            who, "restore_best_weights", restore_best_weights
        )
        self.start_from_epoch = arguments.count(
            who, "start_from_epoch", start_from_epoch, 0, least=0
        )
        self._reset()

    def _reset(self) -> None:
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[np.ndarray] | None = None
        self.wait = 0
        self.stopped_epoch = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        """Forget an earlier `fit`."""
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Compare the metric with the best, and stop if the patience is at its end."""
        value = self.get_monitor_value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._is_improvement(value, self.best):
            self._remember(epoch, value)
            if self.baseline is None or self._is_improvement(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        """Put the best weights back."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose > 0:
                say(
                    "Restoring model weights from the end of the best epoch: "
                    f"{self.best_epoch + 1}."
                )
            self.model.set_weights(self.best_weights)

    def _remember(self, epoch: int, value: float) -> None:
        self.best = value
        self.best_epoch = epoch
        if self.restore_best_weights:
            # Copies, whatever the model returns: training goes on in its arrays.
            self.best_weights = [np.array(one) for one in self.model.get_weights()]
