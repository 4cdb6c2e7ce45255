"""A lock between processes, so that several of them download a file once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # pragma: no cover (Windows)
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def exclusive(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold a lock on a file for as long as the block runs.

    The lock ends with the process, however it dies. The file stays: another process
    may be waiting on it.

    Args:
        path: the lock's file; made if it is missing.
        wait: whether to wait for another process that holds it.

    Yields:
        True if the lock is held, False where the system has no such locks. Without one,
        several downloads may run side by side; their temporary names are unique.

    Raises:
        BlockingIOError: another process holds it, and ``wait`` is False.
        OSError: the file can't be made.
    """
    with open(path, "a") as file:
        yield _lock(file.fileno(), wait)


def _lock(descriptor: int, wait: bool) -> bool:
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise
    except OSError:
        # Some network file systems have no locks.
        return False
    return True
