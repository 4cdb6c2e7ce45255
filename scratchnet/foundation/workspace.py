"""Arrays of a training step, allocated once and used again.

A fresh multi-megabyte array costs a page fault for every 4 KiB of it. Inside
``with workspace:`` a layer that asks for the same buffer again gets the same memory;
outside of any workspace `empty` is plain `numpy.empty`, so that a layer that is
called by hand returns arrays that nobody overwrites later.

The active workspace belongs to the thread: two threads that predict with one model
each work in memory of their own.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

_active = threading.local()


class Workspace:
    """A set of named buffers that grow to the largest shape asked for.

    Buffers are known by (owner, name, dtype). Workspaces nest: a `predict` inside a
    callback uses its own, and the training step's is active again after it.
    """

    def __init__(self) -> None:
        self._buffers: dict[Hashable, np.ndarray] = {}
        self._views: dict[Hashable, np.ndarray] = {}

    def empty(
        self, owner: Hashable, name: str, shape: tuple[int, ...], dtype: DTypeLike
    ) -> np.ndarray:
        """Return a C-contiguous array whose contents are undefined."""
        view = self._views.get((owner, name, shape, dtype))
        if view is not None:
            return view
        size = math.prod(shape)
        key = (owner, name, np.dtype(dtype))
        buffer = self._buffers.get(key)
        if buffer is None or buffer.size < size:
            buffer = self._buffers[key] = np.empty(size, dtype)
            self._views.clear()  # some may be of the buffer that this one replaces
        view = self._views[owner, name, shape, dtype] = buffer[:size].reshape(shape)
        return view

    def nbytes(self) -> int:
        """Return the memory held, in bytes."""
        return sum(buffer.nbytes for buffer in self._buffers.values())

    def __enter__(self) -> Workspace:
        """Become this thread's active workspace."""
        _stack().append(self)
        return self

    def __exit__(self, *_: Any) -> None:
        """Hand over to the workspace that was active before."""
        _stack().pop()


def empty(
    owner: Hashable, name: str, shape: tuple[int, ...], dtype: DTypeLike
) -> np.ndarray:
    """Return an array from the active workspace, or a fresh one where none is."""
    stack = _stack()
    if stack:
        return stack[-1].empty(owner, name, shape, dtype)
    return np.empty(shape, dtype)


def _stack() -> list[Workspace]:
    if not hasattr(_active, "stack"):
        _active.stack = []
    return _active.stack
