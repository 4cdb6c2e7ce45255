"""A shim over every system call of a write, which counts them and breaks the k-th."""

from __future__ import annotations

import builtins
import os
import sys
from typing import Any


class Faults:
    """Note each call; at number ``fail_at`` raise ``error``, or die if it is None."""

    EXIT_CODE = 77

    def __init__(self, fail_at: int = -1, error: BaseException | None = None) -> None:
        self.fail_at = fail_at
        self.error = error
        self.calls: list[str] = []
        self._real: dict[tuple[str, str], Any] = {}
        self._folders: set[int] = set()

    def note(self, call: str) -> None:
        self.calls.append(call)
        if len(self.calls) - 1 == self.fail_at:
            if self.error is None:
                os._exit(self.EXIT_CODE)
            raise self.error

    def __enter__(self) -> Faults:
        self._patch(builtins, "open", self._open_file)
        self._patch(os, "open", self._open_folder)
        self._patch(os, "fsync", self._fsync)
        self._patch(os, "replace", self._replace)
        return self

    def _patch(self, module: Any, name: str, shim: Any) -> None:
        self._real[module.__name__, name] = getattr(module, name)
        setattr(module, name, shim)

    def __exit__(self, *exception: Any) -> None:
        for (module, name), real in self._real.items():
            setattr(sys.modules[module], name, real)

    def _open_file(self, path: Any, *rest: Any, **options: Any) -> Any:
        real = self._real["builtins", "open"]
        if not str(path).endswith(".tmp"):
            return real(path, *rest, **options)
        self.note("open .tmp")
        file = real(path, *rest, **options)
        self._folders.discard(file.fileno())
        return _Stream(self, file)

    def _open_folder(self, *arguments: Any, **options: Any) -> int:
        self.note("open folder")
        descriptor = self._real["os", "open"](*arguments, **options)
        self._folders.add(descriptor)
        return descriptor

    def _fsync(self, descriptor: int) -> None:
        self.note("fsync folder" if descriptor in self._folders else "fsync file")
        self._real["os", "fsync"](descriptor)

    def _replace(self, *arguments: Any) -> None:
        self.note("replace")
        self._real["os", "replace"](*arguments)


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
