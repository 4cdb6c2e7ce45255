"""Arrays by name in a file of NumPy's ``.npz`` format, with a checksum at its end.

The file is a zip archive whose members are stored as they are, never compressed. Its
comment is "sha256:" and the SHA-256 of every byte before the digest. Weights (`npz`)
and backups of a training (`training_state`) are such files; `numpy.load` reads them.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from scratchnet.foundation.errors import CheckpointError
from scratchnet.saving import layout

COMMENT = b"sha256:" + b"0" * 64
DIGEST_LENGTH = 64
END_RECORD = 22  # bytes of the zip archive's last record, without the comment


def encode(members: Mapping[str, bytes | np.ndarray]) -> bytes:
    """Return a file's bytes: the same for the same members, whenever written.

    Args:
        members: name → bytes, stored as they are, or an array, stored as
            ``<name>.npy``.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            if isinstance(content, np.ndarray):
                name, content = f"{name}.npy", _array_bytes(content)
            # ZipInfo's own date is 1 January 1980: equal members give equal files.
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.comment = COMMENT
    return sign(buffer.getvalue())


def sign(content: bytes) -> bytes:
    """Put the SHA-256 of all bytes before it at the end of the archive's comment."""
    body = content[:-DIGEST_LENGTH]
    return body + hashlib.sha256(body).hexdigest().encode()


def _array_bytes(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    little_endian = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    np.lib.format.write_array(buffer, little_endian, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


@contextmanager
def open_signed(
    path: str | os.PathLike[str], limit: int | None = None
) -> Iterator[bytes]:
    """Read a file whole, and give its bytes out once their checksum is found right.

    Args:
        path: the file's name.
        limit: the most bytes that the caller can have use for.

    Raises:
        CheckpointError: the file is missing, larger than ``limit``, damaged or not of
            this format; or what the block reads of it is.
    """
    path = os.fspath(path)
    with layout.damage_named(path, "file of scratchnet's"):
        content = _read(path, limit)
        _check_digest(content, path)
        yield content


def _read(path: str, limit: int | None) -> bytes:
    layout.require_file(path)
    try:
        size = os.path.getsize(path)
        if limit is not None and size > limit:
            raise CheckpointError(
                f"{path}: holds {size} bytes, and this model's weights take {limit} at "
                "most: it belongs to another model, or is not a weights file"
            )
        with open(path, "rb") as file:
            return file.read(-1 if limit is None else limit)
    except OSError as error:
        raise CheckpointError(
            f"{path}: can't be read: {error.strerror or error}"
        ) from error


def _check_digest(content: bytes, path: str) -> None:
    end = len(content) - len(COMMENT) - END_RECORD
    digest_start = len(content) - DIGEST_LENGTH
    prefix = content[len(content) - len(COMMENT) : digest_start]
    if end < 0 or content[end : end + 4] != b"PK\5\6" or prefix != COMMENT[:7]:
        raise CheckpointError(
            f"{path}: truncated, or not written by scratchnet: an archive that ends "
            "in a SHA-256 was expected"
        )
    found = content[digest_start:]
    computed = hashlib.sha256(memoryview(content)[:digest_start]).hexdigest().encode()
    if found != computed:
        raise CheckpointError(
            f"{path}: damaged: its SHA-256 is {computed.decode()}, and "
            f"{found.decode('ascii', 'backslashreplace')} was noted when it was written"
        )
