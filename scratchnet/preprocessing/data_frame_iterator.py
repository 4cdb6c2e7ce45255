"""Batches of the images that a table names."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.warn import warn
from scratchnet.preprocessing.file_iterator import FileIterator
from scratchnet.preprocessing.iterator import part_of


@keras_signature
class DataFrameIterator(FileIterator):
    """Batches of the images that a table names, such as pandas's `DataFrame`.

    Args:
        dataframe: has columns ``dataframe[name]``.
        directory: the folder of the files; None where the table has whole paths.
        image_data_generator: what changes the images.
        x_col: the column of files' names.
        y_col: the column of classes, or a list of columns for ``"raw"`` and
            ``"multi_output"``.
        weight_col: the column of weights.
        classes: the classes to take, in this order; by default all, in order.
        class_mode: ``"categorical"`` for one-hot rows, of several classes where the
            table has lists, ``"binary"`` or ``"sparse"`` for numbers, ``"raw"`` for
            the columns themselves, ``"multi_output"`` for a list of them, one for each
            output of a model, ``"input"`` for the images, None for images alone.
        validate_filenames: whether to pass over files that are not there, with a
            warning.
        target_size, color_mode, batch_size, shuffle, seed: as in `DirectoryIterator`.
        save_to_dir, save_prefix, save_format, subset: likewise.
        interpolation, keep_aspect_ratio, dtype: likewise.

    Raises:
        ValueError: an argument is not what is said above.
        TypeError: names of files or classes are not text, or y_col is no list for
            ``"multi_output"``.
    """

    allowed_class_modes = (
        *("categorical", "binary", "sparse", "input", "multi_output", "raw", None),
    )

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
        self._read_as(
            color_mode, target_size, interpolation, keep_aspect_ratio, class_mode
        )
        if class_mode == "multi_output" and not isinstance(y_col, list):
            raise TypeError(
                f"{who}: expected a list of columns as y_col for "
                f"class_mode='multi_output', received {y_col!r}"
            )
        self.directory = os.fspath(directory or "")
        names = list(dataframe[x_col])
        if not all(isinstance(name, str) for name in names):
            raise TypeError(
                f"{who}: expected text in column {x_col!r} for files' names"
            )
        paths = [os.path.join(self.directory, name) for name in names]
        rows = list(range(len(names)))
        if validate_filenames:
            rows = self._with_pictures(x_col, paths)
        column: list[Any] = []
        if class_mode in ("categorical", "binary", "sparse"):
            column = list(dataframe[y_col])
            rows = self._index_classes(y_col, column, rows, classes)
        rows = rows[part_of(who, subset, image_data_generator, len(rows))]
        self.filenames = [names[at] for at in rows]
        self.filepaths = [paths[at] for at in rows]
        self.samples = len(rows)
        self.classes = [self._numbers(column[at]) for at in rows] if column else None
        if class_mode in ("raw", "multi_output"):
            columns = [np.asarray(list(dataframe[c]))[rows] for c in _as_list(y_col)]
            self.labels = columns if class_mode == "multi_output" else columns[0]
            if class_mode == "raw" and isinstance(y_col, list):
                self.labels = np.stack(columns, axis=-1)
        if weight_col:
            self.sample_weight = np.asarray(list(dataframe[weight_col]))[rows]
        kind = "validated" if validate_filenames else "non-validated"
        of = f" belonging to {len(self.class_indices)} classes" if column else ""
        print(f"Found {self.samples} {kind} image filenames{of}.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _with_pictures(self, x_col: str, paths: list[str]) -> list[int]:
        """Return the rows whose pictures are there."""
        found = [
            at
            for at, path in enumerate(paths)
            if path.lower().endswith(self.white_list_formats) and os.path.isfile(path)
        ]
        if len(found) < len(paths):
            warn(
                f"{type(self).__name__}: {len(paths) - len(found)} files in column "
                f"{x_col!r} are not there or no pictures, and are passed over"
            )
        return found

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
