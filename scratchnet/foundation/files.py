"""Write a file whole or not at all."""

from __future__ import annotations

import errno
import glob
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

SUFFIX = ".tmp"

_umask_lock = threading.Lock()


@contextmanager
def write_whole(
    path: str | os.PathLike[str], *, text: bool = False
) -> Iterator[IO[Any]]:
    """Open a file for writing that takes its name only when it is complete.

    The bytes go to a temporary file in the same folder (``.<name>.<random>.tmp``,
    readable by its owner alone). When the block ends they are forced to the disk, and
    only then does the file take its name, in one step that can't be seen half done;
    last, the folder is forced to the disk too. So at every moment, even through a
    power cut, ``path`` holds the old file or the new one. When anything fails, the
    temporary file is removed and the old file stays as it was; only where the process
    is killed does it stay, for `remove_unfinished`.

    Args:
        path: the file's final name; its folder must exist. A symbolic link of that
            name is replaced, not followed.
        text: write str as UTF-8 instead of bytes.

    Yields:
        The open file.

    Raises:
        OSError: the disk is full, the folder is missing or read-only …

    Reference: T. Pillai et al., "All File Systems Are Not Created Equal" (OSDI 2014),
    on why both fsyncs are needed.
    """
    final = Path(path)
    temporary: str | None = None
    try:
        descriptor, temporary = _open_temporary(final)
        with _open_stream(descriptor, text) as file:
            yield file
            _force_to_disk(file)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, final)
        temporary = None
        _force_folder_to_disk(final.parent)
    finally:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)


def remove_unfinished(path: str | os.PathLike[str]) -> None:
    """Remove what killed processes have left of writing a file.

    Nobody may be writing it meanwhile.
    """
    final = Path(path)
    for temporary in final.parent.glob(f"{glob.escape(_prefix(final))}*{SUFFIX}"):
        with suppress(OSError):
            temporary.unlink()


def _prefix(final: Path) -> str:
    # A name has room for 255 bytes; 50 characters of the final one leave enough of it
    # for the rest.
    return f".{final.name[:50]}."


def _open_temporary(final: Path) -> tuple[int, str]:
    # mkstemp asks for O_EXCL and mode 0600.
    return tempfile.mkstemp(prefix=_prefix(final), suffix=SUFFIX, dir=final.parent)


def _open_stream(descriptor: int, text: bool) -> IO[Any]:
    try:
        if text:
            return os.fdopen(descriptor, "w", encoding="utf-8", newline="")
        return os.fdopen(descriptor, "wb")
    except BaseException:
        os.close(descriptor)
        raise


def _force_to_disk(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _force_folder_to_disk(folder: Path) -> None:
    """Make the renaming last. Windows has no such call, nor have some network disks."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _umask() -> int:
    # The mask can be read only by setting it. For that moment it is the strictest, so
    # that a file made by another thread just then can only be too private.
    with _umask_lock:
        mask = os.umask(0o077)
        os.umask(mask)
    return mask
