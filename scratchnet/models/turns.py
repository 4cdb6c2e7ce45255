"""Calls on one model from several threads: one after the other.

A model's layers keep what their backward pass needs, its plan writes to memory of its
own, and its metrics add up: two calls at once would mix all of it. So `predict`,
`evaluate` and their like wait for each other, as a server with several threads wants
it. Beside a training they are refused, for they would wait for its end.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])

TRAINING = ("fit", "train_on_batch")


class Turns:
    """Which call has its turn on a model; the same thread may make calls inside it."""

    def __init__(self) -> None:
        self._renew()

    def __reduce__(self) -> Any:
        """Copy and unpickle to a new one."""
        return Turns, ()

    def _renew(self) -> None:
        self._lock, self._process, self.call = threading.RLock(), os.getpid(), ""

    def begin(self, call: str, who: str) -> str:
        """Take the turn, and return which call of the same thread has it, if any.

        Raises:
            RuntimeError: another thread trains the model.
        """
        if self._process != os.getpid():  # a fork copies what another thread held
            self._renew()
        if not self._lock.acquire(blocking=False):
            if self.call in TRAINING:
                raise RuntimeError(
                    f"{call}: another thread is in {self.call} of {who}; take a copy, "
                    "copy.deepcopy(model), made before it or in a callback"
                )
            self._lock.acquire()
        outer, self.call = self.call, self.call or call
        return outer

    def end(self, outer: str) -> None:
        """Give the turn back."""
        self.call = outer
        self._lock.release()


def in_turn(method: Method) -> Method:
    """Let a model's method run in one thread at a time."""

    @functools.wraps(method)
    def run(self: Any, *arguments: Any, **named: Any) -> Any:
        turns = vars(self).get("_turns")
        if turns is None:  # a layer written as a graph, which models run
            return method(self, *arguments, **named)
        outer = turns.begin(method.__name__, self.label)
        try:
            return method(self, *arguments, **named)
        finally:
            turns.end(outer)

    return run  # type: ignore[return-value]
