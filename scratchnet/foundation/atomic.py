"""Write a file of a model or a run whole or not at all, and explain what fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.files import write_whole

_ADVICE = {
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
    """Open a file for writing that takes its name only when it is complete.

    `write_whole` says how: at every moment ``path`` holds the old file or the new one.
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
        raise CheckpointError(_explain(path, error)) from error


def _explain(path: str | os.PathLike[str], error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    advice = _ADVICE.get(error.errno or 0, "check the disk and its folder")
    return (
        f"{os.fspath(path)}: can't be written: {reason}; {advice}. "
        "A file that was there before has not been damaged"
    )
