"""The files of a folder of images, and the classes that its subfolders are."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

WHO = "image_dataset_from_directory"
FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")


def index(
    directory: Any,
    labels: Any,
    class_names: list[str] | None,
    follow_links: bool,
    verbose: bool,
) -> tuple[list[str], np.ndarray | None, list[str] | None]:
    """Return the paths of all images, their classes' numbers, and the classes.

    Raises:
        ValueError: class_names or labels don't fit what is there.
        FileNotFoundError: there is no such folder.
    """
    directory = os.fspath(directory)
    inferred = isinstance(labels, str)
    folders = subfolders(directory) if inferred else [""]
    if class_names is not None:
        unknown = sorted(set(class_names) - set(folders))
        if unknown:
            raise ValueError(
                f"{WHO}: expected class_names among the subfolders {folders}, "
                f"received {unknown}"
            )
        folders = list(class_names)
    found = [
        files(os.path.join(directory, folder), FORMATS, follow_links)
        for folder in folders
    ]
    paths = [path for own in found for path in own]
    numbers: np.ndarray | None = None
    names: list[str] | None = None
    if inferred:
        numbers = np.repeat(np.arange(len(folders)), [len(own) for own in found])
        numbers, names = numbers.astype(np.int32), folders
    elif labels is not None:
        numbers = np.array(labels)
        if numbers.dtype.kind in "if":
            numbers = numbers.astype(f"{numbers.dtype.kind}4")
        names = [str(label) for label in sorted(set(numbers.tolist()))]
        if len(numbers) != len(paths):
            raise ValueError(
                f"{WHO}: expected a label for each of {len(paths)} files, received "
                f"{len(numbers)}"
            )
    if verbose:
        classes = f" belonging to {len(names)} classes" if names is not None else ""
        print(f"Found {len(paths)} files{classes}.")
    return paths, numbers, names


def subfolders(directory: str) -> list[str]:
    """Return the names of a folder's folders in order, without hidden ones.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    if not os.path.isdir(directory):
        raise FileNotFoundError(f"{directory}: there is no such folder")
    return sorted(
        entry.name
        for entry in os.scandir(directory)
        if entry.is_dir() and not entry.name.startswith(".")
    )


def files(folder: str, endings: tuple[str, ...], follow_links: bool) -> list[str]:
    """Return the paths of all files below a folder that end so, in order.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"{folder}: there is no such folder")
    walk = sorted(os.walk(folder, followlinks=follow_links), key=lambda entry: entry[0])
    return [
        os.path.join(root, name)
        for root, _, names in walk
        for name in sorted(names)
        if name.lower().endswith(endings)
    ]
