"""Batches of images without end, made by an `ImageDataGenerator`."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.py_dataset import PyDataset
from scratchnet.foundation.warn import warn
from scratchnet.utils import array_to_img, img_to_array, load_img
from scratchnet.utils.image_files import MODES
from scratchnet.utils.image_folder import files, subfolders

CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


class Iterator(PyDataset):
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


class _Images(Iterator):
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


@keras_signature
class NumpyArrayIterator(_Images):
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
        split = _split(who, subset, image_data_generator, len(self.x))
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


class _Files(_Images):
    """What iterators over files share: reading them, and their targets.

    Attributes:
        filenames: of the images, below the folder.
        filepaths: of the images.
        samples: their number.
        classes: the number of each image's class.
        class_indices: class's name → its number.
        image_shape: (H, W, C) of the images that are made.
    """

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

    def _targets(self, batch: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        if self.class_mode == "input":
            return batch.copy()
        if self.class_mode == "raw":
            return self.labels[chosen]
        if self.class_mode in ("binary", "sparse"):
            return np.array([self.classes[number] for number in chosen], self.dtype)
        rows = np.zeros((len(batch), len(self.class_indices)), self.dtype)
        for row, number in zip(rows, chosen, strict=True):
            row[self.classes[number]] = 1
        return rows


@keras_signature
class DirectoryIterator(_Files):
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
        modes = ("categorical", "binary", "sparse", "input", None)
        _check_class_mode(who, class_mode, modes)
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
            found = found[_split(who, subset, image_data_generator, len(found))]
            self.filepaths += found
            numbers += [number] * len(found)
        self.filenames = [os.path.relpath(p, self.directory) for p in self.filepaths]
        self.samples = len(self.filenames)
        self.classes = self.labels = np.array(numbers, np.int32)
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed)


@keras_signature
class DataFrameIterator(_Files):
    """Batches of the images that a table names, such as pandas's `DataFrame`.

    Args:
        dataframe: has columns ``dataframe[name]``.
        directory: the folder of the files; None where the table has whole paths.
        image_data_generator: what changes the images.
        x_col: the column of files' names.
        y_col: the column of classes, or a list of columns for ``"raw"``.
        weight_col: the column of weights.
        classes: the classes to take, in this order; by default all, in order.
        class_mode: ``"categorical"`` for one-hot rows, of several classes where the
            table has lists, ``"binary"`` or ``"sparse"`` for numbers, ``"raw"`` for
            the columns themselves, ``"input"`` for the images, None for images alone.
        validate_filenames: whether to pass over files that are not there, with a
            warning.
        target_size, color_mode, batch_size, shuffle, seed: as in `DirectoryIterator`.
        save_to_dir, save_prefix, save_format, subset: likewise.
        interpolation, keep_aspect_ratio, dtype: likewise.

    Raises:
        ValueError: an argument is not what is said above.
        TypeError: names of files or classes are not text.
        NotImplementedError: class_mode is ``"multi_output"``: a model has one output.
    """

    def __init__(
        self,
        dataframe: Any,
        directory: Any = None,
        image_data_generator: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
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
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = "float32",
        validate_filenames: bool = True,
    ) -> None:
        who = type(self).__name__
        self._begin(image_data_generator, dtype, save_to_dir, save_prefix, save_format)
        modes = ("categorical", "binary", "sparse", "input", "raw", None)
        if class_mode == "multi_output":
            raise NotImplementedError(
                f"{who}: class_mode='multi_output' is outside scratchnet's subset of "
                "Keras: a model has one output"
            )
        _check_class_mode(who, class_mode, modes)
        self._read_as(
            color_mode, target_size, interpolation, keep_aspect_ratio, class_mode
        )
        names = list(dataframe[x_col])
        if not all(isinstance(name, str) for name in names):
            raise TypeError(
                f"{who}: expected text in column {x_col!r} for files' names"
            )
        self.directory = os.fspath(directory or "")
        paths = [os.path.join(self.directory, name) for name in names]
        chosen = list(range(len(names)))
        if validate_filenames:
            chosen = [at for at in chosen if self._is_picture(paths[at])]
            if len(chosen) < len(names):
                warn(
                    f"{who}: {len(names) - len(chosen)} files in column {x_col!r} are "
                    "not there or no pictures, and are passed over"
                )
        labels: list[Any] = []
        if class_mode in ("categorical", "binary", "sparse"):
            column = list(dataframe[y_col])
            chosen = self._index_classes(y_col, column, chosen, classes)
            labels = column
        chosen = chosen[_split(who, subset, image_data_generator, len(chosen))]
        self.filenames = [names[at] for at in chosen]
        self.filepaths = [paths[at] for at in chosen]
        self.samples = len(chosen)
        self.classes = [self._numbers(labels[at]) for at in chosen] if labels else None
        if class_mode == "raw":
            columns = y_col if isinstance(y_col, list) else [y_col]
            values = np.stack(
                [np.asarray(list(dataframe[c])) for c in columns], axis=-1
            )
            self.labels = (
                values[chosen] if isinstance(y_col, list) else values[chosen, 0]
            )
        if weight_col:
            self.sample_weight = np.asarray(list(dataframe[weight_col]))[chosen]
        kind = "validated" if validate_filenames else "non-validated"
        of = f" belonging to {len(self.class_indices)} classes" if labels else ""
        print(f"Found {self.samples} {kind} image filenames{of}.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _is_picture(self, path: str) -> bool:
        return path.lower().endswith(self.white_list_formats) and os.path.isfile(path)

    def _index_classes(
        self, y_col: Any, column: list[Any], chosen: list[int], classes: Any
    ) -> list[int]:
        """Give the classes numbers; return the rows that have one of them."""
        several = self.class_mode == "categorical"
        kinds = (str, list, tuple) if several else (str,)
        if not all(isinstance(column[at], kinds) for at in chosen):
            raise TypeError(
                f"{type(self).__name__}: expected text in column {y_col!r} for classes"
                f"{', or lists of it' if several else ''}; write astype(str)"
            )
        rows = {at: _as_list(column[at]) for at in chosen}
        names = list(dict.fromkeys(classes or ())) or sorted(
            {name for row in rows.values() for name in row}
        )
        if self.class_mode == "binary" and len(names) != 2:
            raise ValueError(
                f"{type(self).__name__}: expected two classes for class_mode='binary', "
                f"received {len(names)}"
            )
        self.class_indices = {name: number for number, name in enumerate(names)}
        return [at for at, row in rows.items() if set(row) & set(names)]

    def _numbers(self, label: Any) -> Any:
        known = self.class_indices
        if isinstance(label, str):
            return known[label]
        return [known[name] for name in label if name in known]


def _as_list(label: Any) -> list[str]:
    return [label] if isinstance(label, str) else list(label)


def _check_class_mode(who: str, class_mode: Any, modes: tuple[str | None, ...]) -> None:
    if class_mode not in modes:
        raise ValueError(
            f"{who}: expected class_mode to be one of {modes}, received {class_mode!r}"
        )


def _split(who: str, subset: str | None, generator: Any, count: int) -> slice:
    """Return which of so many images belong to a subset: validation comes first."""
    if subset is None:
        return slice(None)
    arguments.choice(who, "subset", subset, ("training", "validation"))
    first = int(count * generator._validation_split)
    return slice(0, first) if subset == "validation" else slice(first, None)
