"""A folder of images as a data set, the classes being its subfolders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from scratchnet.foundation import ahead, arguments
from scratchnet.foundation.image_moves import check_interpolation
from scratchnet.foundation.outside import keras_signature
from scratchnet.utils.batches import Dataset, shuffled
from scratchnet.utils.folder_files import FORMATS, WHO, index
from scratchnet.utils.image_files import MODES, read_image

# Threads that read files; Pillow decodes without Python's lock.
READERS = min(4, os.cpu_count() or 1)


@keras_signature
def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: Any = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    verbose: bool = True,
) -> Any:
    """Make a data set of the images in a folder; its subfolders are the classes.

    Files are read when their batch is asked for, ahead on threads. Which images are for
    training and which for validation is what Keras makes of the same files and seed.

    Args:
        directory: the folder.
        labels: ``"inferred"`` from the subfolders, None for images without labels, or
            a list with a label for each file, in the order of their names.
        label_mode: ``"int"`` for numbers, ``"categorical"`` for one-hot rows,
            ``"binary"`` for 0 or 1 in float32, (N, 1); None for images alone.
        class_names: the subfolders to take, in this order; by default all, in
            alphabetical order.
        color_mode: ``"rgb"``, ``"rgba"`` or ``"grayscale"``.
        batch_size: images in a batch; None does not put them into batches.
        image_size: (height, width) that all are resized to, or one number for both.
        shuffle: whether to mix them, anew for each pass; else they come in the order of
            their names.
        seed: of that order, and of what is drawn for validation; None draws one.
        validation_split: the fraction that is for validation.
        subset: ``"training"``, ``"validation"``, or ``"both"`` for a pair.
        interpolation: ``"bilinear"`` or ``"nearest"``, as for `layers.Resizing`.
        follow_links: whether to look into folders that are links.
        crop_to_aspect_ratio: whether to keep the shape of things, and cut off the rest.
        pad_to_aspect_ratio: whether to keep it, and add black where it is missing.
        verbose: whether to print how many files were found.

    Returns:
        A `Dataset` of (images, labels), or of images: float32 from 0 to 255, (N, H, W,
        C), uint8 for ``"nearest"``. It has ``class_names`` and ``file_paths``.

    Raises:
        ValueError: an argument is not what is said above, or there are no images.
        FileNotFoundError: there is no such folder.

    Reference: `keras/src/utils/image_dataset_utils.py`.
    """
    label_mode = _check(labels, label_mode, class_names, validation_split, subset)
    if (validation_split or 0) and shuffle and seed is None:
        raise ValueError(
            f"{WHO}: expected a seed beside validation_split and shuffle, or training "
            "and validation would overlap"
        )
    arguments.choice(WHO, "color_mode", color_mode, tuple(MODES))
    check_interpolation(WHO, interpolation.lower())
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            f"{WHO}: expected crop_to_aspect_ratio or pad_to_aspect_ratio, received "
            "both"
        )
    if seed is None:
        seed = int(np.random.randint(10**6))  # noqa: NPY002 - as Keras draws it
    found = index(
        directory, labels if label_mode else None, class_names, follow_links, verbose
    )
    paths, numbers, names = found
    if label_mode == "binary" and len(names or ()) != 2:
        raise ValueError(
            f"{WHO}: expected two classes for label_mode='binary', received {names}"
        )
    if shuffle:
        for values in (paths, numbers):
            if values is not None:
                np.random.RandomState(seed).shuffle(values)
    read = partial(
        read_image,
        color_mode=color_mode,
        size=arguments.pair(WHO, "image_size", image_size),
        interpolation=interpolation.lower(),
        crop=crop_to_aspect_ratio,
        pad=pad_to_aspect_ratio,
    )
    targets = (
        None if numbers is None else _targets(numbers, label_mode, len(names or ()))
    )
    parts = ("training", "validation") if subset == "both" else (subset,)
    made = []
    for part in parts:
        chosen = _part(len(paths), validation_split, part)
        data = _dataset(
            paths[chosen],
            None if targets is None else targets[chosen],
            read,
            seed
            if shuffle and not (part == "validation" and subset == "both")
            else None,
            8 * batch_size if batch_size else 1024,
        )
        if not len(data):
            raise ValueError(
                f"{WHO}: expected images in {os.fspath(directory)}"
                f"{f' for {part}' if part else ''}, in the formats "
                f"{', '.join(FORMATS)}; found none"
            )
        data = data.batch(batch_size) if batch_size is not None else data
        data.class_names, data.file_paths = names, paths[chosen]
        made.append(data)
    return made if subset == "both" else made[0]


def _check(
    labels: Any, label_mode: Any, class_names: Any, validation_split: Any, subset: Any
) -> str | None:
    """Return the label mode: None where there are no labels."""
    if (
        labels not in ("inferred", None)
        if isinstance(labels, str | None)
        else not (isinstance(labels, list | tuple | np.ndarray))
    ):
        raise ValueError(
            f"{WHO}: expected labels to be 'inferred', None or a list, received "
            f"{labels!r}"
        )
    if class_names and not (isinstance(labels, str) and labels == "inferred"):
        raise ValueError(
            f"{WHO}: expected class_names beside labels='inferred' only, received "
            f"labels={labels!r:.60}"
        )
    if label_mode not in ("int", "categorical", "binary", None):
        raise ValueError(
            f"{WHO}: expected label_mode to be int, categorical, binary or None, "
            f"received {label_mode!r}"
        )
    if validation_split is not None and not 0 < arguments.number(validation_split) < 1:
        raise ValueError(
            f"{WHO}: expected validation_split to be a number between 0 and 1, "
            f"received {validation_split!r}"
        )
    if subset not in ("training", "validation", "both", None):
        raise ValueError(
            f"{WHO}: expected subset to be training, validation or both, received "
            f"{subset!r}"
        )
    if (validation_split is None) != (subset is None):
        raise ValueError(
            f"{WHO}: expected validation_split and subset, or neither, received "
            f"validation_split={validation_split!r} and subset={subset!r}"
        )
    return None if labels is None else label_mode


def _targets(numbers: np.ndarray, label_mode: str | None, classes: int) -> np.ndarray:
    if label_mode == "binary":
        return numbers.astype(np.float32).reshape(-1, 1)
    if label_mode == "categorical":
        return np.eye(classes, dtype=np.float32)[numbers]
    return numbers


def _part(count: int, validation_split: float | None, part: str | None) -> slice:
    """Return which of so many images are in a subset, and say how many."""
    if part is None:
        return slice(None)
    validation = int((validation_split or 0) * count)
    own = validation if part == "validation" else count - validation
    print(f"Using {own} files for {part}.")
    if part == "validation":
        return slice(count - validation, None)
    return slice(0, count - validation)


def _dataset(
    paths: list[str], targets: Any, read: Any, seed: int | None, buffer: int
) -> Dataset:
    """Return a data set of images, one by one, read ahead on threads."""
    passes = iter(range(2**63))

    def make() -> Iterator[Any]:
        order: Iterator[int] = iter(range(len(paths)))
        if seed is not None:
            order = shuffled(order, buffer, np.random.default_rng([seed, next(passes)]))
        calls = (partial(_read_with_target, read, paths, targets, at) for at in order)
        return ahead.results(calls, READERS, 2 * READERS)

    return Dataset(make, len(paths))


def _read_with_target(read: Any, paths: list[str], targets: Any, at: int) -> Any:
    image = read(paths[at])
    return image if targets is None else (image, targets[at])
