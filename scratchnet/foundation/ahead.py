"""Work done ahead, on threads, in the order in which it was asked for."""

from __future__ import annotations

import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from typing import Any

# Results that wait for whoever takes them, unless somebody wants more.
DEPTH = 2

_END = object()


def ahead(items: Iterator[Any], count: int | None = None) -> Generator[Any, None, None]:
    """Yield items, while a thread has the next ones made; ``count`` of them, or all.

    Never more than ``count`` are taken. What making one raises is raised here, in its
    turn and with the traceback of where it happened.
    """
    call = partial(next, items, _END)
    calls = itertools.repeat(call) if count is None else itertools.repeat(call, count)
    with closing(results(calls)) as made:
        yield from itertools.takewhile(lambda item: item is not _END, made)


def results(
    calls: Iterable[Callable[[], Any]], workers: int = 1, depth: int = DEPTH
) -> Generator[Any, None, None]:
    """Yield what calls return, in their order, while threads work on the next ones.

    When the iterator ends, or is closed, the threads end too; a call that runs at that
    moment is waited for. A program that is left while one hangs is not held up.

    Args:
        calls: what to call; the next is looked at when a result is taken.
        workers: number of threads.
        depth: results that may wait to be taken.
    """
    to_do: queue.SimpleQueue = queue.SimpleQueue()
    waiting: deque[Future] = deque()
    threads = [
        threading.Thread(target=_work, args=(to_do,), name="ahead", daemon=True)
        for _ in range(workers)
    ]
    for thread in threads:
        thread.start()
    try:
        for call in calls:
            waiting.append(Future())
            to_do.put((call, waiting[-1]))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for result in waiting:
            result.cancel()
        for _ in threads:
            to_do.put(None)
        for thread in threads:
            thread.join()


def _work(to_do: queue.SimpleQueue) -> None:
    while (task := to_do.get()) is not None:
        call, result = task
        if result.set_running_or_notify_cancel():
            try:
                result.set_result(call())
            except BaseException as error:
                result.set_exception(error)
        del task, call, result  # lest a batch stay alive while the next is awaited
