"""Batches of images that are read from files."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.preprocessing.iterator import ImageIterator
from scratchnet.utils import img_to_array, load_img
from scratchnet.utils.image_files import MODES

CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


class FileIterator(ImageIterator):
    """What iterators over files share: reading them, and their targets.

    Attributes:
        filenames: of the images, below the folder.
        filepaths: of the images.
        samples: their number.
        classes: the number of each image's class.
        class_indices: class's name → its number.
        image_shape: (H, W, C) of the images that are made.
    """

    allowed_class_modes: tuple[str | None, ...]
    filenames: list[str]
    filepaths: list[str]
    samples: int
    classes: Any
    class_indices: dict[Any, int]
    labels: Any
    sample_weight: Any = None

    def _read_as(
        self,
        color_mode: str,
        target_size: Any,
        interpolation: str,
        keep_aspect_ratio: bool,
        class_mode: str | None,
    ) -> None:
        who = type(self).__name__
        if class_mode not in self.allowed_class_modes:
            raise ValueError(
                f"{who}: expected class_mode to be one of {self.allowed_class_modes}, "
                f"received {class_mode!r}"
            )
        self.color_mode = arguments.choice(who, "color_mode", color_mode, tuple(MODES))
        self.target_size = arguments.pair(who, "target_size", target_size)
        self.image_shape = (*self.target_size, CHANNELS[color_mode])
        self.interpolation, self.keep_aspect_ratio = interpolation, keep_aspect_ratio
        self.class_mode = class_mode

    def _make(self, chosen: np.ndarray, generator: Any) -> Any:
        batch = np.empty((len(chosen), *self.image_shape), self.dtype)
        for at, number in enumerate(chosen):
            image = load_img(
                self.filepaths[number],
                self.color_mode,
                self.target_size,
                self.interpolation,
                self.keep_aspect_ratio,
            )
            batch[at] = self._change(img_to_array(image), generator)
        self._save(batch, chosen, generator)
        if self.class_mode is None:
            return batch
        if self.sample_weight is None:
            return batch, self._targets(batch, chosen)
        return batch, self._targets(batch, chosen), self.sample_weight[chosen]

    def _targets(self, batch: np.ndarray, chosen: np.ndarray) -> Any:
        if self.class_mode == "input":
            return batch.copy()
        if self.class_mode == "multi_output":
            return [column[chosen] for column in self.labels]
        if self.class_mode == "raw":
            return self.labels[chosen]
        if self.class_mode in ("binary", "sparse"):
            return np.array([self.classes[number] for number in chosen], self.dtype)
        rows = np.zeros((len(batch), len(self.class_indices)), self.dtype)
        for row, number in zip(rows, chosen, strict=True):
            row[self.classes[number]] = 1
        return rows
