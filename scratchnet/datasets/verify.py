"""Read files, unpack them, and say how far their bytes can be trusted.

Three levels, best first:

- `archive`: the file has the pinned SHA-256 of the published one;
- `content`: the unpacked contents have theirs, the wrapper is another (Debian packs its
  copy of Fashion-MNIST anew);
- `structure`: the format is right, but nobody has published these bytes.

What is hashed is what is decoded: every file is read once.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from scratchnet.datasets.description import MIB, Content, Contents, PublishedFile
from scratchnet.datasets.lookup import Found
from scratchnet.datasets.tar_stream import Readable, read_members
from scratchnet.foundation.errors import DatasetError

LEVELS = ("archive", "content", "structure")

Record = dict[str, Any]


def read_found(found: Found) -> tuple[Contents, list[Record]]:
    """Read all files of an edition.

    Returns:
        The unpacked contents by name, and a record per published file.

    Raises:
        DatasetError: a file is missing, damaged or too long; or, outside
            `$SCRATCHNET_DATA`, has no published checksum.
    """
    if found.missing:
        raise DatasetError(
            f"{found.folder}: expected {', '.join(found.missing)} beside the data "
            "set's other files, received nothing of that name"
        )
    contents: Contents = {}
    records = []
    for file in found.edition.files:
        if file in found.unpacked:
            for content, path in found.unpacked[file].items():
                contents[content.name], record = _read_unpacked(content, path)
                records.append(record)
        else:
            unpacked, record = _read_packed(file, found.packed[file])
            contents.update(unpacked)
            records.append(record)
    if not found.place.user_owned:
        _refuse_unpublished(records)
    return contents, records


def weakest(records: list[Record]) -> str:
    """Return the lowest level among records.

    >>> weakest([{"level": "archive"}, {"level": "content"}])
    'content'
    """
    return max((record["level"] for record in records), key=LEVELS.index)


def has_sha256(path: Path, file: PublishedFile) -> bool:
    """Whether a path holds the published file to the bit."""
    try:
        with path.open("rb") as stream:
            return (
                os.fstat(stream.fileno()).st_size == file.size
                and hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
            )
    except OSError:
        return False


def _refuse_unpublished(records: list[Record]) -> None:
    for record in records:
        if record["level"] == "structure":
            raise DatasetError(
                f"{record['path']}: neither the file nor its content has a published "
                f"SHA-256 (received {record['sha256']}); delete it, or keep files of "
                "your own under $SCRATCHNET_DATA"
            )


def _read_packed(file: PublishedFile, path: Path) -> tuple[Contents, Record]:
    with _open(path, file.limit) as raw:
        stream = _HashingReader(raw)
        contents = _unpack(stream, file, path)
        sha256 = stream.finish()
        size = raw.tell()
    pinned = {
        content.name: content.sha256
        for content in file.contents
        if content.name in contents
    }
    if sha256 == file.sha256:
        return contents, _record(file.name, path, size, sha256, "archive", pinned)
    received = {name: _sha256(content) for name, content in contents.items()}
    level = "content" if received == pinned else "structure"
    return contents, _record(file.name, path, size, sha256, level, received)


def _read_unpacked(content: Content, path: Path) -> tuple[bytes, Record]:
    with _open(path, content.limit) as stream:
        data = _read_at_most(stream, content.limit, path)
    sha256 = _sha256(data)
    level = "content" if sha256 == content.sha256 else "structure"
    checksums = {content.name: sha256}
    return data, _record(content.name, path, len(data), sha256, level, checksums)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _record(
    name: str,
    path: Path,
    size: int,
    sha256: str,
    level: str,
    checksums: dict[str, str],
) -> Record:
    return {
        "name": name,
        "path": str(path),
        "bytes": size,
        "sha256": sha256,
        "level": level,
        "contents": checksums,
    }


def _unpack(stream: Readable, file: PublishedFile, path: Path) -> Contents:
    if file.packing == "none":
        (content,) = file.contents
        return {content.name: _read_at_most(stream, content.limit, path)}
    with gzip.GzipFile(fileobj=stream, mode="rb") as unzipped:  # type: ignore[call-overload]
        if file.packing == "gzip":
            (content,) = file.contents
            return {content.name: _read_at_most(unzipped, content.limit, path)}
        limits = {content.name: content.limit for content in file.contents}
        contents = read_members(unzipped, file.member_folder, limits, str(path))
    missing = [
        content.name
        for content in file.contents
        if content.required and content.name not in contents
    ]
    if missing:
        raise DatasetError(f"{path}: expected members {missing}, received none")
    return contents


def _read_at_most(stream: Readable, limit: int, path: Path) -> bytes:
    content = stream.read(limit + 1)
    if len(content) > limit:
        raise DatasetError(f"{path}: expected at most {limit} bytes after unpacking")
    return content


@contextlib.contextmanager
def _open(path: Path, limit: int) -> Iterator[BinaryIO]:
    """Open a regular file no longer than `limit`; all faults become ours."""
    try:
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise DatasetError(f"{path}: expected a regular file")
            if status.st_size > limit:
                raise DatasetError(
                    f"{path}: expected at most {limit} bytes, received {status.st_size}"
                )
            yield stream
    except DatasetError:
        raise
    except Exception as error:
        raise DatasetError(f"{path}: {type(error).__name__}: {error}") from error


class _HashingReader:
    """A file that hashes what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._hash.update(data)
        return data

    def finish(self) -> str:
        """Read to the end and return the SHA-256."""
        while self.read(MIB):
            pass
        return self._hash.hexdigest()
