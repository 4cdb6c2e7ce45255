"""Ctrl-C, put off until the running training step is complete."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, TypeVar

Thing = TypeVar("Thing")


class DeferredInterrupt:
    """While active, the first Ctrl-C is noted, and raised where `check` is called.

    Weights are then never those of half an update. A second Ctrl-C interrupts at
    once. Signals can be handled in the main thread only; elsewhere this does nothing.
    """

    def __init__(self) -> None:
        self._pending = False
        self._active = False
        self._waiting = False

    def __enter__(self) -> DeferredInterrupt:
        """Take over Ctrl-C, if it has Python's own handler."""
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._note)
            self._active = True
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        """Give Ctrl-C back, and raise one that came after the last `check`."""
        if self._active:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._active = False
        if kind is None:
            self.check()

    def _note(self, number: int, frame: FrameType | None) -> None:
        again, self._pending = self._pending, True
        if again or self._waiting:
            raise KeyboardInterrupt

    def while_waiting(self, items: Iterator[Thing]) -> Iterator[Thing]:
        """Yield items; while one is awaited, Ctrl-C interrupts at once."""
        while True:
            self._waiting = True
            try:
                item = next(items)
            except StopIteration:
                return
            finally:
                self._waiting = False
            yield item

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed since."""
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt
