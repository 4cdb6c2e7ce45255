"""A shim over every system call of a write, which counts them and breaks the k-th."""

from __future__ import annotations

import os
from typing import Any


class Faults:
    """Note each call; at number ``fail_at`` raise ``error``, or die if it is None."""

    EXIT_CODE = 77

    def __init__(self, fail_at: int = -1, error: BaseException | None = None) -> None:
        self.fail_at = fail_at
        self.error = error
        self.calls: list[str] = []
        self._real: dict[str, Any] = {}
        self._folders: set[int] = set()

    def note(self, call: str) -> None:
        self.calls.append(call)
        if len(self.calls) - 1 == self.fail_at:
            if self.error is None:
                os._exit(self.EXIT_CODE)
            raise self.error

    def __enter__(self) -> Faults:
        for name in ("open", "fdopen", "fsync", "chmod", "replace"):
            self._real[name] = getattr(os, name)
            setattr(os, name, getattr(self, f"_{name}"))
        return self

    def __exit__(self, *exception: Any) -> None:
        for name, real in self._real.items():
            setattr(os, name, real)

    def _open(self, path: Any, flags: int, *rest: Any, **options: Any) -> int:
        temporary = os.fspath(path).endswith(".tmp")
        self.note("open .tmp" if temporary else "open folder")
        descriptor = self._real["open"](path, flags, *rest, **options)
        (self._folders.discard if temporary else self._folders.add)(descriptor)
        return descriptor

    def _fdopen(self, *arguments: Any, **options: Any) -> _Stream:
        self.note("fdopen")
        return _Stream(self, self._real["fdopen"](*arguments, **options))

    def _fsync(self, descriptor: int) -> None:
        self.note("fsync folder" if descriptor in self._folders else "fsync file")
        self._real["fsync"](descriptor)

    def _chmod(self, *arguments: Any) -> None:
        self.note("chmod")
        self._real["chmod"](*arguments)

    def _replace(self, *arguments: Any) -> None:
        self.note("replace")
        self._real["replace"](*arguments)


class _Stream:
    """A file whose write, flush and close can be made to fail."""

    def __init__(self, faults: Faults, file: Any) -> None:
        self._faults = faults
        self._file = file

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, kind: Any, *rest: Any) -> None:
        self._file.close()
        if kind is None:
            self._faults.note("close")

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, content: Any) -> int:
        # Half of the bytes arrive before a disk is full.
        self._file.write(memoryview(content)[: len(content) // 2])
        self._faults.note("write")
        return self._file.write(memoryview(content)[len(content) // 2 :])

    def flush(self) -> None:
        self._file.flush()
        self._faults.note("flush")
