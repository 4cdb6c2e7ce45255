"""Batches of images without end, by number or one after the other."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.attributes import OnlyWhatThereIs
from scratchnet.foundation.py_dataset import PyDataset
from scratchnet.utils import array_to_img


class Iterator(OnlyWhatThereIs, PyDataset):
    """Batches of n images, by number or one after the other without end.

    With a seed, what is drawn for the i-th batch that is made is a function of
    seed + i, as in Keras.

    Args:
        n: number of images.
        batch_size: images in a batch.
        shuffle: whether to mix them, anew for each pass.
        seed: of the order and of what is drawn; None goes on with NumPy's global
            generator.
        **kwargs: `utils.PyDataset`'s arguments.

    Attributes:
        n, batch_size, shuffle, seed: as they were given.
        batch_index: of the next batch that ``next`` makes.
        total_batches_seen: how many were made.

    Raises:
        ValueError: batch_size is not a positive integer.
    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(
        self, n: int, batch_size: int, shuffle: bool, seed: int | None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        who = type(self).__name__
        self.n = n
        self.batch_size = arguments.positive_int(who, "batch_size", batch_size)
        self.shuffle, self.seed = shuffle, seed
        self.batch_index = self.total_batches_seen = 0
        self.index_array: np.ndarray | None = None
        self._lock = threading.Lock()
        self._generator: Any = np.random  # the one that was drawn from last

    def __len__(self) -> int:
        """Return the number of batches in a pass."""
        return -(-self.n // self.batch_size)

    def __getitem__(self, idx: int) -> Any:
        """Make a batch.

        Raises:
            IndexError: there is no such batch.
        """
        if not -len(self) <= idx < len(self):
            raise IndexError(
                f"{type(self).__name__}: expected a batch below {len(self)}, "
                f"received {idx}"
            )
        with self._lock:
            generator = self._seeded()
            if self.index_array is None:
                self._set_index_array()
        return self._batch(idx % len(self), generator)

    def __iter__(self) -> Iterator:
        """Return itself: it goes on where it was left."""
        return self

    def __next__(self) -> Any:
        """Make the next batch; there is always one."""
        with self._lock:
            generator = self._seeded()
            if self.batch_index == 0:
                self._set_index_array()
            idx = self.batch_index
            self.batch_index = (idx + 1) % max(1, len(self))
        return self._batch(idx, generator)

    def next(self) -> Any:
        """Make the next batch: Keras 2's name for ``next(iterator)``."""
        return self.__next__()

    def reset(self) -> None:
        """Start a new pass with the next batch that ``next`` makes."""
        self.batch_index = 0

    def on_epoch_end(self) -> None:
        """Draw a new order."""
        self._set_index_array()

    def _seeded(self) -> Any:
        """Count a batch, and return the generator of what is drawn for it."""
        if self.seed is not None:
            number = self.seed + self.total_batches_seen
            self._generator = np.random.RandomState(number)
        self.total_batches_seen += 1
        return self._generator

    def _set_index_array(self) -> None:
        self.index_array = np.arange(self.n)
        if self.shuffle:
            self.index_array = self._generator.permutation(self.n)

    def _batch(self, idx: int, generator: Any) -> Any:
        assert self.index_array is not None
        chosen = self.index_array[self.batch_size * idx : self.batch_size * (idx + 1)]
        return self._make(chosen, generator)

    def _make(self, chosen: np.ndarray, generator: Any) -> Any:
        """Return the batch of these images."""
        raise NotImplementedError


class ImageIterator(Iterator):
    """What array and file iterators share: the changes, and copies on the disk."""

    def _begin(
        self, generator: Any, dtype: Any, save_to_dir: Any, prefix: str, ending: str
    ) -> None:
        self.image_data_generator = generator
        self.dtype = np.dtype(dtype or np.float32)
        self.save_to_dir, self.save_prefix, self.save_format = (
            save_to_dir,
            prefix,
            ending,
        )

    def _change(self, x: np.ndarray, generator: Any) -> np.ndarray:
        own = self.image_data_generator
        if own is None:
            return x
        drawn = own.draw(x.shape, generator)
        return own.standardize(own.apply_transform(x, drawn))

    def _save(self, batch: np.ndarray, chosen: np.ndarray, generator: Any) -> None:
        if not self.save_to_dir:
            return
        for image, number in zip(batch, chosen, strict=True):
            mark = generator.randint(10_000)
            name = f"{self.save_prefix}_{number}_{mark}.{self.save_format}"
            array_to_img(image).save(os.path.join(self.save_to_dir, name))


def part_of(who: str, subset: str | None, generator: Any, count: int) -> slice:
    """Return which of so many images belong to a subset: validation comes first."""
    if subset is None:
        return slice(None)
    arguments.choice(who, "subset", subset, ("training", "validation"))
    first = int(count * generator._validation_split)
    return slice(0, first) if subset == "validation" else slice(first, None)
