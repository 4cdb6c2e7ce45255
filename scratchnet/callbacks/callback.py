"""The base of every callback."""

from __future__ import annotations

import logging
import sys
from typing import Any

from tqdm import tqdm

from scratchnet.foundation import settings, terminal
from scratchnet.foundation.attributes import OnlyWhatThereIs

Logs = dict[str, Any] | None


def say(text: str) -> None:
    """Print a line to standard output, above a progress bar if one is on screen.

    After `config.disable_interactive_logging` it goes to a logger.
    """
    if not settings.interactive_logging:
        logging.getLogger("scratchnet").info(text)
        return
    if sys.stdout is not None:
        tqdm.write(terminal.shown(text), file=sys.stdout)
        sys.stdout.flush()


class Callback(OnlyWhatThereIs):
    """Something that is told what happens during fit, evaluate and predict.

    A subclass overrides the hooks that it wants to hear of; all others do nothing.
    In the order of events:

        on_train_begin
          on_epoch_begin
            on_train_batch_begin, on_train_batch_end          once per batch
            on_test_begin … on_test_batch_begin/end … on_test_end     validation
          on_epoch_end
        on_train_end

    `evaluate` alone calls the ``on_test`` hooks, `predict` the ``on_predict`` hooks.
    Epochs and batches are counted from 0. Logs are a dict of the metrics so far
    (running means over the epoch); it is shared, so what one callback adds in
    ``on_epoch_end`` the callbacks after it see, and `History` records.

    To end training, set ``self.model.stop_training = True``. After Ctrl-C
    ``self.model.interrupted`` is True in ``on_train_end``.

    Attributes:
        params: dict with ``verbose``, ``epochs`` and ``steps`` (batches per epoch).
        model: the model at work.
        runs_last: class attribute; a callback that records what the others do is
            called after all of them, wherever it stands in the list.

    Reference: `keras/src/callbacks/callback.py`.

    >>> class Greeter(Callback):
    ...     def on_epoch_begin(self, epoch, logs=None):
    ...         print("epoch", epoch)
    >>> Greeter().on_epoch_begin(0)
    epoch 0
    """

    runs_last = False

    # Of the class: a subclass's __init__ need not call super().__init__().
    params: dict[str, Any] | None = None
    _model: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Receive the parameters of the run."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Receive the model."""
        self._model = model

    @property
    def model(self) -> Any:
        """The model at work, None before `set_model`."""
        return self._model

    def on_train_begin(self, logs: Logs = None) -> None:
        """Hear that `fit` starts."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Hear that `fit` ends; logs are those of its last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Hear that an epoch starts."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Hear that an epoch, validation included, is over.

        Args:
            epoch: from 0.
            logs: training metrics, and those of the validation with ``val_`` before
                their names.
        """

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Hear of a training batch: an older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Hear of a training batch: an older name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Hear that a training batch comes next."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Hear that a training batch is done; logs are the epoch's means so far."""
        self.on_batch_end(batch, logs=logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        """Hear that an evaluation or a validation starts."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Hear that an evaluation or a validation ends; logs are its results."""

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Hear that a batch of an evaluation or validation comes next."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Hear that a batch of an evaluation or validation is done."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Hear that `predict` starts."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """Hear that `predict` ends."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Hear that a batch of a prediction comes next."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Hear that a batch of a prediction is done; logs hold its ``outputs``."""
