"""Batches of the images in a folder."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from scratchnet.foundation.outside import keras_signature
from scratchnet.preprocessing.file_iterator import FileIterator
from scratchnet.preprocessing.iterator import part_of
from scratchnet.utils.folder_files import files, subfolders


@keras_signature
class DirectoryIterator(FileIterator):
    """Batches of the images in a folder, whose subfolders are the classes.

    Args:
        directory: the folder.
        image_data_generator: what changes the images.
        target_size: (height, width) that they are resized to.
        color_mode: ``"rgb"``, ``"rgba"`` or ``"grayscale"``.
        classes: the subfolders to take, in this order; by default all.
        class_mode: ``"categorical"`` for one-hot rows, ``"binary"`` or ``"sparse"`` for
            numbers, ``"input"`` for the images themselves, None for images alone.
        batch_size: images in a batch.
        shuffle: whether to mix them, anew for each pass.
        seed: of the order and of what is drawn.
        save_to_dir: a folder that gets a copy of every image that is made.
        save_prefix: how the copies' names begin.
        save_format: how they end.
        follow_links: whether to look into folders that are links.
        subset: ``"training"`` or ``"validation"``, the first part of each class.
        interpolation: as for `utils.load_img`.
        keep_aspect_ratio: likewise.
        dtype: of the batches.

    Raises:
        ValueError: an argument is not what is said above.
        FileNotFoundError: there is no such folder.
    """

    allowed_class_modes = ("categorical", "binary", "sparse", "input", None)

    def __init__(
        self,
        directory: Any,
        image_data_generator: Any,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: list[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
    ) -> None:
        who = type(self).__name__
        self._begin(image_data_generator, dtype, save_to_dir, save_prefix, save_format)
        self._read_as(
            color_mode, target_size, interpolation, keep_aspect_ratio, class_mode
        )
        self.directory = os.fspath(directory)
        names = list(classes or subfolders(self.directory))
        self.num_classes = len(names)
        self.class_indices = {name: number for number, name in enumerate(names)}
        self.filepaths, numbers = [], []
        for name, number in self.class_indices.items():
            folder = os.path.join(self.directory, name)
            found = files(folder, self.white_list_formats, follow_links)
            found = found[part_of(who, subset, image_data_generator, len(found))]
            self.filepaths += found
            numbers += [number] * len(found)
        self.filenames = [os.path.relpath(p, self.directory) for p in self.filepaths]
        self.samples = len(self.filenames)
        self.classes = self.labels = np.array(numbers, np.int32)
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed)
