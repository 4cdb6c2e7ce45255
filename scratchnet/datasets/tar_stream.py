"""Read a few named members of a tar stream, and touch nothing else.

Nothing is ever extracted to disk. Python's `tarfile` has more features than three
regular files need, and several of them (links, sparse files, extended headers, sizes
below zero) have been ways out of a folder or into an endless loop. Here a member that
isn't a regular file is skipped, whatever it says about itself.

A tar file is a row of 512-byte blocks: a header block per member, then its data padded
to whole blocks; a block of zeros ends it.

Reference: POSIX.1-1988, "ustar" interchange format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from scratchnet.datasets.description import MIB, Contents
from scratchnet.foundation.errors import DatasetError

BLOCK = 512
MAX_MEMBERS = 100
REGULAR_FILE = (b"0", b"\0")


class Readable(Protocol):
    """Anything with `read(size)`."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""


def read_members(
    stream: Readable, folder: str, limits: Mapping[str, int], who: str
) -> Contents:
    """Read the members `folder/name` that are wanted.

    Args:
        stream: the decompressed tar file.
        folder: folder of the wanted members inside the archive.
        limits: the most bytes accepted, for each wanted name.
        who: names the archive in errors.

    Returns:
        The members found, by name (without the folder).

    Raises:
        DatasetError: damaged header, truncated or too large member, too many members,
            or the same member twice.
    """
    contents: Contents = {}
    skipped_limit = sum(limits.values()) + MIB
    for _ in range(MAX_MEMBERS):
        header = _read_exactly(stream, BLOCK, who)
        if header == bytes(BLOCK):
            _read_to_end(stream, who)
            return contents
        path, size, is_file = _parse_header(header, who)
        name = path.removeprefix("./").removeprefix(f"{folder}/")
        wanted = is_file and name in limits
        if size > (limits[name] if wanted else skipped_limit):
            raise DatasetError(f"{who}: member {path[:100]!r} has {size} bytes")
        if wanted and name in contents:
            raise DatasetError(f"{who}: member {path[:100]!r} is there twice")
        if wanted:
            contents[name] = _read_exactly(stream, size, who)
            _read_exactly(stream, -size % BLOCK, who)
        else:
            skipped_limit -= size
            _skip(stream, size + -size % BLOCK, who)
    raise DatasetError(f"{who}: more than {MAX_MEMBERS} members")


def _parse_header(header: bytes, who: str) -> tuple[str, int, bool]:
    """Return a member's path, size, and whether it is a regular file."""
    blanked = header[:148] + b" " * 8 + header[156:]
    if _octal(header[148:156], who) != sum(blanked):
        raise DatasetError(f"{who}: a tar header's checksum is wrong")
    path = header[:100].split(b"\0")[0].decode("utf-8", "replace")
    return path, _octal(header[124:136], who), header[156:157] in REGULAR_FILE


def _octal(field: bytes, who: str) -> int:
    digits = field.split(b"\0")[0].strip(b" ")
    if not digits or digits.strip(b"01234567"):
        raise DatasetError(f"{who}: a tar header's number is not octal: {field!r}")
    return int(digits, 8)


def _read_exactly(stream: Readable, size: int, who: str) -> bytes:
    data = stream.read(size) if size else b""
    if len(data) != size:
        raise DatasetError(f"{who}: the archive is truncated")
    return data


def _skip(stream: Readable, size: int, who: str) -> None:
    while size:
        size -= len(_read_exactly(stream, min(size, MIB), who))


def _read_to_end(stream: Readable, who: str) -> None:
    """Read the padding, so that the checksum of the gzip wrapper is compared."""
    padding = stream.read(MIB + 1)
    if len(padding) > MIB or padding.strip(b"\0"):
        raise DatasetError(f"{who}: data after the end of the archive")
