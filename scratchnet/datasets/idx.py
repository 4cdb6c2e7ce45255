"""Reader for IDX, the format of MNIST and Fashion-MNIST.

An IDX file is a header of big-endian 32-bit integers and then the elements, row by row:

| bytes | what |
|---|---|
| 0, 1 | zero |
| 2 | element type; 8 is unsigned byte |
| 3 | number of dimensions D |
| 4 … 4 + 4·D | the size of each dimension |
| the rest | the elements |

Reference: Y. LeCun, C. Cortes, C. Burges, *The MNIST database of handwritten digits*.
"""

from __future__ import annotations

import math
import struct

import numpy as np
import numpy.typing as npt

from scratchnet.datasets.description import (
    Array,
    Arrays,
    Content,
    Contents,
    Dataset,
    PublishedFile,
    check_labels,
)
from scratchnet.foundation.errors import DatasetError

UNSIGNED_BYTE = 0x08


def idx_size(shape: tuple[int, ...]) -> int:
    """Return how many bytes an IDX file of unsigned bytes of this shape has.

    >>> idx_size((60000, 28, 28))
    47040016
    """
    return 4 + 4 * len(shape) + math.prod(shape)


def read_idx(content: bytes, shape: tuple[int, ...], who: str) -> npt.NDArray[np.uint8]:
    """Decode an IDX file of unsigned bytes that must have exactly this shape.

    Args:
        content: the whole file, decompressed.
        shape: expected shape, (N, H, W) for images and (N,) for labels.
        who: names the file in errors.

    Returns:
        A new, writable uint8 array.

    Raises:
        DatasetError: wrong magic number, dimensions or length.
    """
    dimensions = len(shape)
    header_size = 4 + 4 * dimensions
    if len(content) < header_size:
        raise DatasetError(
            f"{who}: expected an IDX header of {header_size} bytes, "
            f"received a file of {len(content)}"
        )
    magic, *sizes = struct.unpack_from(f">{1 + dimensions}I", content)
    expected_magic = UNSIGNED_BYTE << 8 | dimensions
    if magic != expected_magic:
        raise DatasetError(
            f"{who}: expected IDX magic number 0x{expected_magic:08x} (unsigned "
            f"bytes, {dimensions} dimensions), received 0x{magic:08x}"
        )
    if tuple(sizes) != shape:
        raise DatasetError(f"{who}: expected shape {shape}, received {tuple(sizes)}")
    if len(content) != idx_size(shape):
        raise DatasetError(
            f"{who}: expected {idx_size(shape)} bytes, received {len(content)}"
        )
    elements = np.frombuffer(content, np.uint8, offset=header_size)
    return elements.reshape(shape).copy()


def idx_files(
    pins: tuple[tuple[str, int, str, str], ...],
    mirrors: tuple[str, ...],
    counts: tuple[int, int],
    image_shape: tuple[int, int],
) -> tuple[PublishedFile, ...]:
    """Describe the four gzipped files of an MNIST-like data set.

    Args:
        pins: (name, size, SHA-256 of the gz file, SHA-256 of its content) per file.
        mirrors: URLs of folders that hold the files, each ending in a slash.
        counts: number of training and test images.
        image_shape: (H, W).
    """
    files = []
    for name, size, sha256, content_sha256 in pins:
        count = counts[0] if name.startswith("train") else counts[1]
        shape = (count, *image_shape) if "images" in name else (count,)
        content = Content(name.removesuffix(".gz"), idx_size(shape), content_sha256)
        urls = tuple(mirror + name for mirror in mirrors)
        files.append(PublishedFile(name, size, sha256, "gzip", (content,), urls))
    return tuple(files)


def decode_idx(contents: Contents, dataset: Dataset) -> Arrays:
    """Turn the four unpacked files into `x_train`, `y_train`, `x_test`, `y_test`.

    Raises:
        DatasetError: a file is not what its name says.
    """
    height, width, _ = dataset.image_shape
    arrays: dict[str, Array] = {}
    for split, prefix, count in (
        ("train", "train", dataset.train_count),
        ("test", "t10k", dataset.test_count),
    ):
        images, labels = f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"
        arrays[f"x_{split}"] = read_idx(
            contents[images], (count, height, width), f"{dataset.title} '{images}'"
        )
        who = f"{dataset.title} '{labels}'"
        arrays[f"y_{split}"] = read_idx(contents[labels], (count,), who)
        check_labels(arrays[f"y_{split}"], dataset.num_classes, who)
    return arrays
