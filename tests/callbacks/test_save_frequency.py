from __future__ import annotations

import pytest

from scratchnet import callbacks
from scratchnet.callbacks.save_frequency import SaveFrequency


@pytest.mark.parametrize("every", [1, 2, 3, 5, 7])
def test_every_so_many_batches_whatever_the_epochs_length(every: int) -> None:
    frequency = SaveFrequency("Test", every)
    batches = [batch for length in (3, 1, 1, 4) for batch in range(length)]
    due = [number for number, batch in enumerate(batches, 1) if frequency.due(batch)]
    assert due == list(range(every, len(batches) + 1, every))


def test_batches_reported_in_strides_are_all_counted() -> None:
    frequency = SaveFrequency("Test", 4)
    assert [frequency.due(batch) for batch in (1, 3, 1, 3)] == [False, True] * 2


def test_epoch_is_never_due_after_a_batch() -> None:
    frequency = SaveFrequency("Test", "epoch")
    assert frequency.every_epoch and not any(map(frequency.due, range(9)))


def test_callbacks_take_another_frequency_later(tmp_path):
    for callback in (
        callbacks.ModelCheckpoint(tmp_path / "m.keras"),
        callbacks.BackupAndRestore(tmp_path),
    ):
        callback.save_freq = 2
        assert [callback._frequency.due(batch) for batch in range(4)] == [0, 1, 0, 1]
        assert not callback._frequency.every_epoch
        with pytest.raises(ValueError, match=f"{type(callback).__name__}: expected"):
            callback.save_freq = 0
