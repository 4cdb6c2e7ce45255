"""Go on after a crash."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from scratchnet.callbacks.callback import Callback, Logs, say
from scratchnet.callbacks.save_frequency import Saves
from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.files import make_folder, remove_unfinished
from scratchnet.saving import training_state


class BackupAndRestore(Saves, Callback):
    """Keep a backup of the training, and go on from it when `fit` is called again.

    After every epoch the state goes to one file in ``backup_dir``. A program that was
    killed, and is started again with the same arguments, goes on after the last epoch
    saved. When `fit` ends in good order, the backup is deleted; after an exception or
    Ctrl-C it stays.

    Beyond Keras, the state holds not only weights, optimizer and epoch but the random
    streams, the dropout layers' place in their masks, the place in the samples (with
    ``steps_per_epoch`` an epoch may start in the midst of them), and the `History`:
    with ``save_freq="epoch"`` the weights at the end are, bit for bit, those of a run
    that was never stopped. This callback runs after all others, so that what they
    change at the end of an epoch (the learning rate, say) is in the backup. What is
    not: the other callbacks' own state. As in Keras, `EarlyStopping` and
    `ReduceLROnPlateau` count their patience, and `EarlyStopping` looks for its best
    epoch, from the resumed epoch on. Give `CSVLogger` ``append=True``, or it starts a
    new file.

    With a number of batches as ``save_freq``, an interrupted epoch starts again from
    its first batch with the weights saved in its midst, as in Keras.

    Of data that comes in batches (`tf.data`, a `PyDataset`, a data loader) it knows how
    many were taken of a pass, and a resumed run passes over those; whether the same
    ones come again is up to the data. A `PyDataset` that `fit` shuffles, and whose
    batches are always the same, keeps the promise above. A data set that shuffles by
    itself comes in another order, and a generator goes on where it stands: bring it to
    the right place, or let every epoch be a pass.

    The file is written to a temporary name and renamed: at every moment there is a
    whole one, and weights and epoch can't be of two different saves. Only files of
    its own are deleted from the folder; Keras deletes the folder and all that is in
    it.

    Args:
        backup_dir: folder for the backup, of this run alone; made if missing.
        save_freq: "epoch", or the number of batches between two saves.
        double_checkpoint: keep the backup before the last one too, and use it if the
            last one is damaged.
        delete_checkpoint: delete the backup when `fit` ends in good order.

    Raises:
        ValueError: backup_dir is empty, save_freq is out of range, or, in `fit`, the
            model is not built.
        CheckpointError: the backup can't be written, is damaged, belongs to another
            model, or to another number of samples or batch size where it was made in
            the midst of them.

    Reference: `keras/src/callbacks/backup_and_restore.py`.
    """

    runs_last = True

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError(
                f"BackupAndRestore: expected a folder as backup_dir, received "
                f"{backup_dir!r}"
            )
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._current_epoch = 0
        self._position: dict[str, Any] | None = None

    @property
    def _latest(self) -> Path:
        return Path(self.backup_dir, "latest_state.npz")

    @property
    def _previous(self) -> Path:
        return Path(self.backup_dir, "previous_state.npz")

    def on_train_begin(self, logs: Logs = None) -> None:
        """Restore the state of an interrupted run, if there is a backup of one."""
        if not self.model.built:
            raise ValueError(
                "BackupAndRestore: expected a built model; give its first layer an "
                "input_shape, or call model.build(input_shape) before fit"
            )
        remove_unfinished(self._latest)
        found = [path for path in (self._latest, self._previous) if path.exists()]
        if not found:
            return
        try:
            epoch = self._restore(found)
        except CheckpointError as error:
            raise CheckpointError(
                f"BackupAndRestore: {error}; delete the file to start from the first "
                "epoch, or choose another backup_dir"
            ) from error
        self.model._initial_epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Note the epoch and where it starts, for saves after batches."""
        self._current_epoch = epoch
        self._position = training_state.position_of(self.model)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Save if enough batches have passed; this epoch is to start again then."""
        if self._frequency.due(batch):
            self._save(self._current_epoch)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Save, if that is wanted after every epoch; the next one is to follow."""
        self._current_epoch = epoch + 1
        self._position = training_state.position_of(self.model)
        if self._frequency.every_epoch:
            self._save(self._current_epoch)

    def on_train_end(self, logs: Logs = None) -> None:
        """Delete the backup, unless the run was interrupted."""
        if not self.delete_checkpoint or self.model.interrupted:
            return
        remove_unfinished(self._latest)
        for path in (self._latest, self._previous):
            path.unlink(missing_ok=True)
        # Not empty: it holds files that are not ours.
        with suppress(OSError):
            os.rmdir(self.backup_dir)

    def _save(self, epoch: int) -> None:
        make_folder("BackupAndRestore", self.backup_dir)
        state = training_state.collect(self.model, epoch, self._position)
        if self.double_checkpoint and self._latest.exists():
            os.replace(self._latest, self._previous)
        training_state.write(self._latest, state)

    def _restore(self, paths: list[Path]) -> int:
        """Restore the latest backup that can be read, and return its epoch."""
        path = paths[0]
        try:
            state = training_state.read(path)
        except CheckpointError as error:
            if len(paths) == 1:
                raise
            path = paths[1]
            say(f"BackupAndRestore: {error}; going on from {path}")
            state = training_state.read(path)
        return training_state.restore(str(path), self.model, state)
