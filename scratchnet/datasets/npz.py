"""Reader for Keras's `mnist.npz`: a zip file with four arrays of unsigned bytes.

`numpy.load` allocates what a member's header asks for before it has read a byte of it.
Here the header must state the shape that is expected, and the member's bytes are read
before an array is made of them.
"""

from __future__ import annotations

import io
import math
import zipfile

import numpy as np
import numpy.typing as npt

from scratchnet.datasets.description import Arrays, Contents, Dataset, check_labels
from scratchnet.foundation.errors import DatasetError

# A .npy header is padded to a multiple of 64 bytes; NumPy writes 128 for these arrays.
HEADER_LIMIT = 4096


def read_npy(content: bytes, shape: tuple[int, ...], who: str) -> npt.NDArray[np.uint8]:
    """Decode a `.npy` file of unsigned bytes that must have exactly this shape.

    Args:
        content: the whole file, at most `HEADER_LIMIT` bytes longer than its elements.
        shape: expected shape.
        who: names the file in errors.

    Raises:
        DatasetError: another version, dtype, order, shape or length.
    """
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise DatasetError(f"{who}: expected .npy version 1.0, received {version}")
        header = np.lib.format.read_array_header_1_0(
            stream, max_header_size=HEADER_LIMIT
        )
    except ValueError as error:
        raise DatasetError(f"{who}: not a .npy file ({error})") from error
    received_shape, fortran_order, dtype = header
    if dtype != np.uint8 or fortran_order or received_shape != shape:
        raise DatasetError(
            f"{who}: expected uint8 {shape} in C order, received {dtype} "
            f"{received_shape}{' in Fortran order' if fortran_order else ''}"
        )
    elements = content[stream.tell() :]
    if len(elements) != math.prod(shape):
        raise DatasetError(
            f"{who}: expected {math.prod(shape)} bytes after the header, "
            f"received {len(elements)}"
        )
    return np.frombuffer(elements, np.uint8).reshape(shape).copy()


def decode_npz(contents: Contents, dataset: Dataset) -> Arrays:
    """Turn `mnist.npz` into `x_train`, `y_train`, `x_test`, `y_test`.

    Raises:
        DatasetError: not a zip file, or a member is missing or not what its name says.
    """
    (content,) = contents.values()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {
                **_read_split(archive, dataset, "train", dataset.train_count),
                **_read_split(archive, dataset, "test", dataset.test_count),
            }
    except DatasetError:
        raise
    except Exception as error:
        # zipfile and zlib have many ways to say that a file is damaged.
        raise DatasetError(
            f"{dataset.title} 'mnist.npz': {type(error).__name__}: {error}"
        ) from error


def _read_split(
    archive: zipfile.ZipFile, dataset: Dataset, split: str, count: int
) -> Arrays:
    height, width, _ = dataset.image_shape
    arrays: Arrays = {}
    for key, shape in (
        (f"x_{split}", (count, height, width)),
        (f"y_{split}", (count,)),
    ):
        who = f"{dataset.title} 'mnist.npz', member '{key}.npy'"
        with archive.open(f"{key}.npy") as member:
            limit = math.prod(shape) + HEADER_LIMIT
            arrays[key] = read_npy(member.read(limit + 1), shape, who)
    check_labels(arrays[f"y_{split}"], dataset.num_classes, who)
    return arrays
