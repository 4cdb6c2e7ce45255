"""Batches of arrays of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.warn import warn
from scratchnet.preprocessing.iterator import ImageIterator, part_of


@keras_signature
class NumpyArrayIterator(ImageIterator):
    """Batches of arrays.

    Args:
        x: images, (N, H, W, C).
        y: their targets, or None for images alone.
        image_data_generator: what changes them.
        batch_size: images in a batch.
        shuffle: whether to mix them, anew for each pass.
        sample_weight: their weights.
        seed: of the order and of what is drawn.
        save_to_dir: a folder that gets a copy of every image that is made.
        save_prefix: how the copies' names begin.
        save_format: how they end.
        subset: ``"training"`` or ``"validation"``, which is the first part.
        ignore_class_split: whether the parts may have different classes.
        dtype: of the batches.

    Raises:
        ValueError: the arrays have different lengths, x is no images, or subset is
            another word.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
        dtype: Any = None,
    ) -> None:
        who = type(self).__name__
        self._begin(image_data_generator, dtype, save_to_dir, save_prefix, save_format)
        if isinstance(x, tuple | list) and len(x) and np.ndim(x[0]) == 4:
            raise NotImplementedError(
                f"{who}: several inputs are outside scratchnet's subset of Keras; pass "
                "one array of images"
            )
        self.x = np.asarray(x, self.dtype)
        if self.x.ndim != 4:
            raise ValueError(
                f"{who}: expected images (N, H, W, C), received shape {self.x.shape}"
            )
        if self.x.shape[3] not in (1, 3, 4):
            warn(f"{who}: expected 1, 3 or 4 channels, received {self.x.shape[3]}")
        self.y = None if y is None else np.asarray(y)
        self.sample_weight = (
            None if sample_weight is None else np.asarray(sample_weight)
        )
        for name, values in (("y", self.y), ("sample_weight", self.sample_weight)):
            if values is not None and len(values) != len(self.x):
                raise ValueError(
                    f"{who}: expected as many of {name} as images, {len(self.x)}, "
                    f"received {len(values)}"
                )
        split = part_of(who, subset, image_data_generator, len(self.x))
        if subset is not None and self.y is not None and not ignore_class_split:
            self._require_all_classes(split)
        self.x = self.x[split]
        self.y = None if self.y is None else self.y[split]
        if self.sample_weight is not None:
            self.sample_weight = self.sample_weight[split]
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _require_all_classes(self, split: slice) -> None:
        assert self.y is not None
        inside = np.zeros(len(self.y), bool)
        inside[split] = True
        if not np.array_equal(np.unique(self.y[inside]), np.unique(self.y[~inside])):
            raise ValueError(
                "NumpyArrayIterator: training and validation have different classes; "
                "shuffle the arrays first, or set ignore_class_split=True"
            )

    def _make(self, chosen: np.ndarray, generator: Any) -> Any:
        batch = np.empty((len(chosen), *self.x.shape[1:]), self.dtype)
        for at, number in enumerate(chosen):
            batch[at] = self._change(self.x[number].copy(), generator)
        self._save(batch, chosen, generator)
        if self.y is None:
            return batch
        if self.sample_weight is None:
            return batch, self.y[chosen]
        return batch, self.y[chosen], self.sample_weight[chosen]
