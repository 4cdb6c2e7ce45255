"""Read files, compare their SHA-256 with the pinned one, and unpack them.

Bytes from strangers are decoded only after their checksum has said whose they are. A
file is read once, so what is hashed is what is decoded, and it gets the best level that
its bytes deserve:

- `archive`: the file has the pinned SHA-256 of the published one;
- `content`: its unpacked content has, in another wrapper (Debian gzips its copy of
  Fashion-MNIST anew);
- `structure`: nobody has published these bytes.

Two things are done to bytes that have not been verified, by code that is made for it.
Gunzipping stops at the length that the content must have. And the user's own files,
under `$SCRATCHNET_DATA`, may be of level `structure`; then `idx` reads a header and
numbers, and `inert_pickle` neither imports nor calls what a file names. A tar or zip
archive is not opened at all unless it is the published one.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from scratchnet.datasets.dataset import Content, Contents, PublishedFile
from scratchnet.datasets.places import Copy
from scratchnet.foundation.errors import DatasetError

LEVELS = ("archive", "content", "structure")

Record = dict[str, Any]


def read(copy: Copy) -> tuple[Contents, list[Record]]:
    """Read all files of a copy.

    Returns:
        The unpacked contents by name, and a record per file.

    Raises:
        DatasetError: a file is missing, damaged or too long; or, outside
            `$SCRATCHNET_DATA`, it has no published checksum.
    """
    if copy.missing:
        missing = ", ".join(copy.missing)
        if any(file.sha256 is None for file in copy.files.values()):
            raise DatasetError(
                f"{copy.folder}: unpacked files can't be verified, since only the "
                f"archive's SHA-256 is known; put {missing} there"
            )
        raise DatasetError(
            f"{copy.folder}: expected {missing} beside the data set's other files, "
            "received nothing of that name"
        )
    contents: Contents = {}
    records = []
    for path, file in copy.files.items():
        try:
            unpacked, record = _read_file(path, file)
        except (OSError, EOFError, zlib.error) as error:
            raise DatasetError(f"{path}: {type(error).__name__}: {error}") from error
        if record["level"] == "structure" and not copy.place.is_users:
            raise DatasetError(
                f"{path}: neither the file nor its content has a published SHA-256 "
                f"(received {record['sha256']}); delete it, or keep files of your own "
                "under $SCRATCHNET_DATA"
            )
        contents.update(unpacked)
        records.append(record)
    return contents, records


def is_published(path: Path, file: PublishedFile) -> bool:
    """Whether a path holds the published file to the bit."""
    try:
        with path.open("rb") as stream:
            return (
                path.stat().st_size == file.size
                and hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
            )
    except OSError:
        return False


def _read_file(path: Path, file: PublishedFile | Content) -> tuple[Contents, Record]:
    with path.open("rb") as stream:
        data = _read_at_most(stream, file.limit, path)
    sha256 = _sha256(data)
    if isinstance(file, Content):
        contents, checksums = {file.name: data}, {file.name: sha256}
        level = "content" if sha256 == file.sha256 else "structure"
    elif sha256 == file.sha256 or file.packing == "gzip":
        contents = _unpack(data, file, path)
        checksums = {name: _sha256(content) for name, content in contents.items()}
        published = checksums == {c.name: c.sha256 for c in file.contents}
        level = "content" if published else "structure"
        level = "archive" if sha256 == file.sha256 else level
    else:
        raise DatasetError(
            f"{path}: expected the published archive, of SHA-256 {file.sha256}, "
            f"received {len(data)} bytes of {sha256}; delete it or replace it"
        )
    record = {
        "name": file.name,
        "path": str(path),
        "bytes": len(data),
        "sha256": sha256,
        "level": level,
        "contents": checksums,
    }
    return contents, record


def _unpack(data: bytes, file: PublishedFile, path: Path) -> Contents:
    if file.packing == "tar":
        return _read_members(data, {content.name for content in file.contents})
    (content,) = file.contents
    if file.packing == "none":
        return {content.name: data}
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        return {content.name: _read_at_most(stream, content.limit, path)}


def _read_members(data: bytes, names: set[str]) -> Contents:
    """Read members of a verified archive, as a stream: nothing goes to the disk."""
    contents = {}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r|gz") as archive:
        for member in archive:
            name, stream = PurePosixPath(member.name).name, archive.extractfile(member)
            if name in names and stream is not None:
                contents[name] = stream.read()
    return contents


def _read_at_most(stream: Any, limit: int, path: Path) -> bytes:
    data: bytes = stream.read(limit + 1)
    if len(data) > limit:
        raise DatasetError(f"{path}: expected at most {limit} bytes, received more")
    return data


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
