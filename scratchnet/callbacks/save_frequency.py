"""Save after every epoch, or after every so many batches."""

from __future__ import annotations

from typing import Any


class SaveFrequency:
    """Tell when the next save is due, counting batches across epochs.

    Args:
        who: whose argument it is, for the message.
        save_freq: "epoch", or a number of batches ≥ 1.

    Raises:
        ValueError: save_freq is neither.

    >>> every_third = SaveFrequency("ModelCheckpoint", 3)
    >>> [every_third.due(batch) for batch in (0, 1, 2, 3, 0, 1)]
    [False, False, True, False, False, True]
    """

    def __init__(self, who: str, save_freq: Any) -> None:
        is_count = isinstance(save_freq, int) and not isinstance(save_freq, bool)
        if save_freq != "epoch" and not (is_count and save_freq >= 1):
            raise ValueError(
                f"{who}: expected save_freq to be 'epoch' or a positive integer, the "
                f"number of batches between two saves, received {save_freq!r}"
            )
        self.every_epoch = save_freq == "epoch"
        self.save_freq = save_freq
        self._seen = 0
        self._last_batch = -1

    def due(self, batch: int) -> bool:
        """Count a batch (from 0 in its epoch), and tell whether to save after it."""
        if self.every_epoch:
            return False
        is_same_epoch = batch > self._last_batch
        self._seen += batch - self._last_batch if is_same_epoch else batch + 1
        self._last_batch = batch
        if self._seen < self.save_freq:
            return False
        self._seen = 0
        return True


class Saves:
    """A callback that saves now and then, with Keras's ``save_freq``."""

    _frequency: SaveFrequency

    @property
    def save_freq(self) -> Any:
        """After what is saved: every "epoch", or a number of batches."""
        return self._frequency.save_freq

    @save_freq.setter
    def save_freq(self, value: Any) -> None:
        self._frequency = SaveFrequency(type(self).__name__, value)
