"""An object for a worker to hold."""

from __future__ import annotations

import os


class Target:
    def __init__(self, threads: int) -> None:
        self.threads = threads

    def add(self, a: int, b: int = 0) -> int:
        print("this must not end up among the answers")
        return a + b

    def variable(self, name: str) -> str | None:
        return os.environ.get(name)

    def cpus(self) -> int:
        return len(os.sched_getaffinity(0))

    def fail(self, *_: int) -> None:
        raise ValueError("out of beans")

    def die(self) -> None:
        os.write(2, b"last words\n")
        os._exit(3)


class Unmade:
    def __init__(self, threads: int) -> None:
        raise ImportError("no such library")
