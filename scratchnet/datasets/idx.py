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

from scratchnet.datasets.dataset import (
    Content,
    Contents,
    Pair,
    PublishedFile,
    Splits,
)
from scratchnet.foundation.errors import DatasetError

UNSIGNED_BYTE = 0x08

# Of each file of a data set like MNIST: its name and the size of what is inside.
SIZES = {
    "train-images-idx3-ubyte": 16 + 60_000 * 28 * 28,
    "train-labels-idx1-ubyte": 8 + 60_000,
    "t10k-images-idx3-ubyte": 16 + 10_000 * 28 * 28,
    "t10k-labels-idx1-ubyte": 8 + 10_000,
}


def published_files(
    packed: tuple[tuple[int, str], ...],
    unpacked: tuple[str, ...],
    mirrors: tuple[str, ...],
    folders: tuple[str, ...],
) -> tuple[PublishedFile, ...]:
    """Describe the four gzipped files of a data set like MNIST.

    Args:
        packed: for each of `SIZES`, bytes and SHA-256 of the gz file.
        unpacked: for each of `SIZES`, the SHA-256 of what is inside.
        mirrors: URLs of folders that hold the files, each ending in a slash.
        folders: where the files may lie, packed or unpacked.
    """
    return tuple(
        PublishedFile(
            name=f"{name}.gz",
            size=packed_size,
            sha256=packed_sha256,
            packing="gzip",
            contents=(Content(name, sha256, limit=SIZES[name]),),
            folders=folders,
            unpacked_folders=folders,
            urls=tuple(f"{mirror}{name}.gz" for mirror in mirrors),
        )
        for name, (packed_size, packed_sha256), sha256 in zip(
            SIZES, packed, unpacked, strict=True
        )
    )


def read_splits(files: Contents) -> Splits:
    """Turn the four unpacked files into training and test images of ten classes.

    Raises:
        DatasetError: a file is not what its name says.
    """
    return _read_split(files, "train"), _read_split(files, "t10k")


def _read_split(files: Contents, split: str) -> Pair:
    images, labels = f"{split}-images-idx3-ubyte", f"{split}-labels-idx1-ubyte"
    x, y = read_idx(files[images], 3, images), read_idx(files[labels], 1, labels)
    if y.size and y.max() > 9:
        raise DatasetError(f"{labels}: expected labels 0 to 9, received {y.max()}")
    return x, y


def read_idx(content: bytes, dimensions: int, who: str) -> npt.NDArray[np.uint8]:
    """Decode an IDX file of unsigned bytes.

    Args:
        content: the whole file, decompressed.
        dimensions: 3 for images (N, H, W), 1 for labels (N,).
        who: names the file in errors.

    Returns:
        A new, writable array.

    Raises:
        DatasetError: the header says something else, or is not followed by as many
            elements as it says.
    """
    header = struct.Struct(f">4s{dimensions}I")
    magic = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    if content[:4] == magic and len(content) >= header.size:
        _, *sizes = header.unpack_from(content)
        if len(content) == header.size + math.prod(sizes):
            elements = np.frombuffer(content, np.uint8, offset=header.size)
            return elements.reshape(sizes).copy()
    raise DatasetError(
        f"{who}: expected IDX: {magic.hex(' ')}, {dimensions} sizes, and as many bytes "
        f"as they say; received {len(content)} bytes, {content[: header.size].hex(' ')}"
    )
