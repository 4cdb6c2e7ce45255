"""What scratchnet knows about a data set: its files, their checksums, its classes.

A `Dataset` is a plain record. The command line, the experiments and a run's record all
read these facts here, so that no second list of file names or checksums exists.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from scratchnet.foundation.errors import DatasetError

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
Splits = tuple[tuple[Array, Array], tuple[Array, Array]]
Contents = dict[str, bytes]
Packing = Literal["none", "gzip", "tar"]

MIB = 1024 * 1024


@dataclass(frozen=True)
class Content:
    """A file as it is after unpacking: the bytes that arrays are decoded from.

    Attributes:
        name: file name, also the member's name in an archive.
        limit: the most bytes that are read from it; a longer one is refused.
        sha256: pinned SHA-256 of the official content.
        required: False for a file that may be absent (it is checked where it is found).
    """

    name: str
    limit: int
    sha256: str
    required: bool = True


@dataclass(frozen=True)
class PublishedFile:
    """A file as its publisher offers it for download.

    Attributes:
        name: file name.
        size: exact size in bytes.
        sha256: pinned SHA-256.
        packing: "gzip" (one content), "tar" (tar.gz with several) or "none".
        contents: what is inside.
        urls: mirrors, in the order they are tried; empty if never downloaded.
        other_names: names under which others keep the same file.
        member_folder: folder of the contents inside a tar archive.
    """

    name: str
    size: int
    sha256: str
    packing: Packing
    contents: tuple[Content, ...]
    urls: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    member_folder: str = ""

    @property
    def limit(self) -> int:
        """The most bytes read from the file: compression never needs more."""
        return sum(content.limit for content in self.contents) + MIB


@dataclass(frozen=True)
class Edition:
    """One form in which a data set is published: files, where they lie, how to read.

    Attributes:
        files: the published files; all are needed.
        file_folders: folders, relative to a place, where the published files may lie.
            The first is the one that downloads go to.
        content_folders: the same for unpacked contents.
        decode: turns unpacked contents into arrays; raises `DatasetError`.
    """

    files: tuple[PublishedFile, ...]
    file_folders: tuple[str, ...]
    content_folders: tuple[str, ...]
    decode: Callable[[Contents, Dataset], Arrays]


@dataclass(frozen=True)
class Dataset:
    """A data set: the facts about it, and the way to its arrays.

    Attributes:
        name: the module's name, for example `"fashion_mnist"`.
        title: the name people use, for example `"Fashion-MNIST"`.
        module: full name of the module with `load_data`.
        class_names: names in the order of the labels.
        image_shape: (H, W, C) of one image; as in Keras, `load_data` leaves out C = 1.
        train_count: number of training images.
        test_count: number of test images.
        editions: forms it is published in; the first is the one downloaded.
        homepage: where the data come from.
        advice: one sentence on how to get the files without scratchnet's download.
        built_in: for a data set without files: returns its arrays and its provenance.
        dark_background: whether its images show light things on a dark ground.
    """

    name: str
    title: str
    module: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    train_count: int
    test_count: int
    editions: tuple[Edition, ...] = ()
    homepage: str = ""
    advice: str = ""
    built_in: Callable[[], tuple[Arrays, dict[str, Any]]] | None = None
    dark_background: bool = False

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def files(self) -> tuple[PublishedFile, ...]:
        """Files that a download fetches; empty for a built-in data set."""
        return self.editions[0].files if self.editions else ()

    def load_data(self, **options: Any) -> Splits:
        """Call the `load_data` of the data set's own module."""
        splits: Splits = importlib.import_module(self.module).load_data(**options)
        return splits


def as_splits(arrays: Arrays, label: str = "y") -> Splits:
    """Arrange arrays as Keras does: `((x_train, y_train), (x_test, y_test))`.

    Args:
        arrays: must hold `x_train`, `x_test` and the two label arrays.
        label: prefix of the label arrays' keys, `"y"`, `"fine"` or `"coarse"`.
    """
    return (
        (arrays["x_train"], arrays[f"{label}_train"]),
        (arrays["x_test"], arrays[f"{label}_test"]),
    )


def check_labels(labels: Array, num_classes: int, who: str) -> None:
    """Refuse labels outside 0 … num_classes - 1."""
    lowest, highest = int(np.min(labels)), int(np.max(labels))
    if lowest < 0 or highest >= num_classes:
        raise DatasetError(
            f"{who}: expected labels 0 to {num_classes - 1}, "
            f"received {lowest} to {highest}"
        )
