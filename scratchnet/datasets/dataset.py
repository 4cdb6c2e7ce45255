"""What scratchnet knows about a data set: its files, their checksums, its classes."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy.typing as npt

Array = npt.NDArray[Any]
Pair = tuple[Array, Array]
Splits = tuple[Pair, Pair]
Contents = dict[str, bytes]

MIB = 1024 * 1024


class Content(NamedTuple):
    """A file as it is after unpacking: the bytes that arrays are decoded from.

    Attributes:
        name: file name, also that of the member in an archive.
        sha256: pinned SHA-256, or None where only the published file's is known: then
            an unpacked copy can't be verified, and is refused.
        limit: the most bytes that are read from a file of this name.
    """

    name: str
    sha256: str | None
    limit: int


@dataclass(frozen=True)
class PublishedFile:
    """A file as its publisher offers it for download.

    Attributes:
        name: file name.
        size: exact size in bytes.
        sha256: pinned SHA-256.
        packing: "gzip" (of one content), "tar" (gzipped, of several) or "none".
        contents: what is inside.
        folders: where it may lie, relative to a place; a download goes to the first.
        unpacked_folders: the same for its contents, once somebody has unpacked them.
        urls: mirrors, in the order in which they are tried.
        other_names: names under which others keep the same file.
    """

    name: str
    size: int
    sha256: str
    packing: Literal["none", "gzip", "tar"]
    contents: tuple[Content, ...]
    folders: tuple[str, ...]
    unpacked_folders: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()

    @property
    def limit(self) -> int:
        """The most bytes read from a file of this name: no packing adds a mebibyte."""
        return sum(content.limit for content in self.contents) + MIB


@dataclass(frozen=True)
class Dataset:
    """A data set: the facts about it, and the way to its arrays.

    Attributes:
        name: name of its module in `scratchnet.datasets`, such as `"fashion_mnist"`.
        title: the name people use, such as `"Fashion-MNIST"`.
        class_names: names in the order of the labels.
        image_shape: (H, W, C) of one image; as in Keras, `load_data` leaves out C = 1.
        train_count: number of training images.
        test_count: number of test images.
        dark_background: whether its images show light things on a dark ground.
        editions: sets of files, each of which holds the whole data set; the first is
            the one downloaded. Without any, `load_data` makes the arrays by itself.
        decode: turns unpacked contents, by name, into arrays; takes the options of
            `load_data`.
        advice: one sentence on how to get the files without scratchnet's download.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    train_count: int
    test_count: int
    dark_background: bool = False
    editions: tuple[tuple[PublishedFile, ...], ...] = ()
    decode: Callable[..., Splits] | None = None
    advice: str = ""

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def files(self) -> tuple[PublishedFile, ...]:
        """The files that a download fetches."""
        return self.editions[0] if self.editions else ()

    def load_data(self, **options: Any) -> Splits:
        """Call the `load_data` of the data set's own module."""
        module = importlib.import_module(f"scratchnet.datasets.{self.name}")
        splits: Splits = module.load_data(**options)
        return splits
