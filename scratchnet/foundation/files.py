"""Write a file whole or not at all, and explain what fails."""

from __future__ import annotations

import errno
import glob
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from scratchnet.foundation.errors import CheckpointError

SUFFIX = ".tmp"

ADVICE = {
    errno.ENOSPC: "free some space on this disk, or choose a folder on another one",
    errno.EDQUOT: "your disk quota is used up: free some space, or write elsewhere",
    errno.EFBIG: "the system allows no file this large here (see `ulimit -f`)",
    errno.EROFS: "this file system is read-only: choose another folder",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.ENOENT: "make the folder first",
    errno.ENOTDIR: "a part of the path is a file, not a folder: choose another path",
    errno.EISDIR: "the path is a folder: add a file's name to it",
    errno.ENAMETOOLONG: "choose a shorter name",
}


@contextmanager
def atomic_write(
    path: str | os.PathLike[str], *, text: bool = False
) -> Iterator[IO[Any]]:
    """Write a file as `write_whole` does, and say what to do where that fails.

    A symbolic link stays a link: the file that it points to is replaced.

    Args:
        path: the file's final name; its folder must exist.
        text: write str as UTF-8 instead of bytes.

    Yields:
        The open file.

    Raises:
        CheckpointError: the disk is full, the folder is missing or read-only, or any
            other `OSError` while writing.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(f"{folder}/note.txt", text=True) as file:
    ...         _ = file.write("whole")
    ...     os.listdir(folder)
    ['note.txt']
    """
    try:
        with write_whole(os.path.realpath(path), text=text) as file:
            yield file
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        advice = ADVICE.get(error.errno or 0, "check the disk and its folder")
        raise CheckpointError(
            f"{os.fspath(path)}: can't be written: {reason}; {advice}. "
            "A file that was there before has not been damaged"
        ) from error


@contextmanager
def write_whole(
    path: str | os.PathLike[str], *, text: bool = False
) -> Iterator[IO[Any]]:
    """Open a file for writing that takes its name only when it is complete.

    The bytes go to a new file of a random name in the same folder
    (``.<name>.<random>.tmp``). When the block ends they are forced to the disk, and
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
    temporary = final.parent / f"{_prefix(final)}{secrets.token_hex(8)}{SUFFIX}"
    mode, encoding, newline = ("x", "utf-8", "") if text else ("xb", None, None)
    try:
        with open(temporary, mode, encoding=encoding, newline=newline) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, final)
        _force_folder_to_disk(final.parent)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def make_folder(who: str, folder: str) -> None:
    """Make a folder for files, if it is missing; an empty name is the current one.

    Args:
        who: who writes there, for the message.
        folder: its name.

    Raises:
        CheckpointError: it can't be made, or nothing can be written to it.
    """
    folder = folder or os.curdir
    try:
        os.makedirs(folder, exist_ok=True)
        reason = "" if os.access(folder, os.W_OK | os.X_OK) else "it is read-only"
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        raise CheckpointError(
            f"{who}: the folder {folder} can't be written to: {reason}; choose another"
        )


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
