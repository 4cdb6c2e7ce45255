"""Save the model while it trains."""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from typing import Any

from scratchnet.callbacks.callback import Logs, say
from scratchnet.callbacks.monitor_callback import MonitorCallback
from scratchnet.callbacks.save_frequency import Saves
from scratchnet.foundation import arguments
from scratchnet.foundation.errors import NonFiniteWeightsError
from scratchnet.foundation.files import make_folder
from scratchnet.foundation.outside import keras_signature
from scratchnet.saving import h5

_WEIGHTS_ENDINGS = (".weights.h5", ".npz")


@keras_signature
class ModelCheckpoint(Saves, MonitorCallback):
    """Save the weights, or the whole model, after epochs or after batches.

    With ``save_best_only`` a file is written only when the metric has improved on
    `best`, which outlives a `fit`: the same instance, used again, doesn't overwrite a
    better file. A new instance knows of none; ``initial_value_threshold`` tells it.
    When the metric is missing, a warning is given and the file written, as in Keras.

    With ``monitor="loss"`` mind that the loss is the mean over the epoch, and the
    weights saved are those at its end.

    Where scratchnet deviates from Keras: NaN is never an improvement, so that a first
    epoch with a NaN is not kept for ever; ``save_best_only`` works with a number as
    ``save_freq`` (Keras fails at the second save, before the first epoch's end). And
    weights that are NaN or infinite are not saved: the file keeps the last good ones,
    a warning says so once a `fit`, and the training goes on; Keras writes them.

    Args:
        filepath: name of the file. Fields in braces are filled in: ``epoch`` (from
            1), ``batch`` (from 1, when saving after batches) and every metric in the
            logs, as in ``"{epoch:02d}-{val_loss:.2f}.weights.h5"``. Weights go to
            ``.weights.h5`` or, beyond Keras, ``.npz``; models to ``.keras`` or ``.h5``.
            Missing
            folders are made.
        monitor: name of the metric in the logs.
        verbose: 1 prints a line for every decision.
        save_best_only: save only when the metric has improved.
        save_weights_only: save the weights, not the whole model.
        mode: "min", "max" or "auto".
        save_freq: "epoch", or the number of batches between two saves, counted
            across epochs; the metrics are then the running means of the epoch.
        initial_value_threshold: value that the metric has to beat for a first save.

    Raises:
        TypeError: filepath is not a path.
        ValueError: filepath has another ending, or save_freq is out of range.
        ImportError: in `fit`, the ending needs h5py, which is not installed.
        CheckpointError: in `fit`, the file can't be written.

    Reference: `keras/src/callbacks/model_checkpoint.py`.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        if initial_value_threshold is not None:
            initial_value_threshold = arguments.real(
                type(self).__name__, "initial_value_threshold", initial_value_threshold
            )
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = _check_ending(filepath, save_weights_only)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._current_epoch = 0
        self._has_warned = False

    def on_train_begin(self, logs: Logs = None) -> None:
        """See that files can be written, before an epoch has been spent.

        Raises:
            ImportError: the filepath's ending needs h5py, which is not installed.
            CheckpointError: the folder can't be made.
        """
        self._has_warned = False
        if not self.filepath.endswith(".npz"):
            h5.import_h5py(self.filepath)
        with suppress(KeyError, IndexError):  # its name has fields: not known yet
            make_folder("ModelCheckpoint", os.path.dirname(self.filepath).format())

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Note the epoch, for saves after batches."""
        self._current_epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Save if enough batches have passed."""
        if self._frequency.due(batch):
            self._consider(self._current_epoch, batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Save if that is wanted after every epoch."""
        if self._frequency.every_epoch:
            self._consider(epoch, None, logs or {})

    def _consider(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> None:
        path, best = self._fill_in(epoch, batch, logs), self.best
        if not self._should_save(epoch, logs, path):
            return
        try:
            self._save(path)
        except NonFiniteWeightsError as error:
            self.best = best  # what was not saved is not to be beaten
            if not self._has_warned:
                warnings.warn(f"ModelCheckpoint: {error}", stacklevel=4)
            self._has_warned = True
        else:
            self._report(epoch, f"finished saving model to {path}")

    def _fill_in(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> str:
        """Return the file's name, its fields filled in."""
        fields = {**logs, "epoch": epoch + 1}
        if batch is not None:
            fields.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**fields)
        except (KeyError, IndexError) as error:
            raise KeyError(
                f"ModelCheckpoint: filepath {self.filepath!r} asks for {error}, "
                f"available are: {', '.join(sorted(fields))}"
            ) from None

    def _should_save(self, epoch: int, logs: dict[str, Any], path: str) -> bool:
        if not self.save_best_only:
            self._report(epoch, f"saving model to {path}")
            return True
        value = logs.get(self.monitor)
        if value is None or getattr(value, "ndim", 0) > 0:
            warnings.warn(
                f"ModelCheckpoint: expected the metric {self.monitor!r} to be a single "
                f"number, received {value!r}; saving without a comparison; there are: "
                f"{', '.join(logs) or 'none'}",
                stacklevel=4,
            )
            return True
        return self._has_improved(epoch, value, path)

    def _has_improved(self, epoch: int, value: float, path: str) -> bool:
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(value, self.best):
            self._report(epoch, f"{self.monitor} did not improve from {best}")
            return False
        change = f"{self.monitor} improved from {best} to {value:.5f}"
        self._report(epoch, f"{change}, saving model to {path}")
        self.best = value
        return True

    def _save(self, path: str) -> None:
        if os.path.isdir(path):
            raise IsADirectoryError(
                f"ModelCheckpoint: expected the name of a file, received the folder "
                f"{path}"
            )
        make_folder("ModelCheckpoint", os.path.dirname(path))
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _report(self, epoch: int, text: str) -> None:
        if self.verbose > 0:
            say(f"Epoch {epoch + 1}: {text}")


def _check_ending(filepath: str | os.PathLike[str], save_weights_only: bool) -> str:
    try:
        path = os.fspath(filepath)
    except TypeError:
        raise TypeError(
            f"ModelCheckpoint: expected a path as filepath, received {filepath!r}"
        ) from None
    if save_weights_only and not path.endswith(_WEIGHTS_ENDINGS):
        raise ValueError(
            "ModelCheckpoint: with save_weights_only=True, expected a filepath that "
            f"ends in .weights.h5 or .npz, received {path!r}"
        )
    if not save_weights_only and not path.endswith((".keras", ".h5")):
        raise ValueError(
            "ModelCheckpoint: expected a filepath that ends in .keras or .h5, received "
            f"{path!r}; to save the weights alone, pass save_weights_only=True and a "
            "name that ends in .weights.h5"
        )
    return path
