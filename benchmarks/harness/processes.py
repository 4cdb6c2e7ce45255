"""A process of its own for each library, which does what it is told over pipes.

Libraries that share a process share its threads, allocator and environment, and would
slow each other down. A worker is started as

    python -m benchmarks.harness.processes MODULE:CLASS THREADS [CPU ...]

makes an object of that class, and then answers (method, arguments) with its result,
both pickled. What a library prints goes to a log, shown if the worker fails.
"""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
import tempfile
import traceback
from contextlib import AbstractContextManager, suppress
from typing import Any

from benchmarks.harness import machine

LOG_SHOWN = 4000


class WorkerError(RuntimeError):
    """A worker failed; the message holds its traceback, or the end of its log."""


class Worker(AbstractContextManager):
    """A process that holds an object, and calls its methods on request.

    Args:
        target: ``module:class`` of the object; its constructor takes the threads.
        threads: number of threads that all libraries in it are held to.

    Raises:
        WorkerError: the process could not make the object.
    """

    def __init__(self, target: str, *, threads: int) -> None:
        """Start the process and wait until the object is there."""
        self.target = target
        self._log = tempfile.TemporaryFile()
        words = [target, str(threads), *map(str, machine.cpus_for(threads))]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.harness.processes", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=machine.ROOT,
            env=child_environment(threads),
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        try:
            self._answer()
        except BaseException:
            self.__exit__()
            raise

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method of the object over there, and return what it returns.

        Raises:
            WorkerError: the method raised something, or the process ended.
        """
        with suppress(BrokenPipeError):  # the answer says why
            pickle.dump((method, arguments), self._requests)
            self._requests.flush()
        return self._answer()

    def _answer(self) -> Any:
        try:
            succeeded, result = pickle.load(self._answers)
        except (EOFError, pickle.UnpicklingError) as error:
            code = self._process.wait()
            self._log.seek(0)
            end = self._log.read()[-LOG_SHOWN:].decode(errors="replace")
            raise WorkerError(
                f"worker {self.target} ended with code {code}:\n{end}"
            ) from error
        if not succeeded:
            raise WorkerError(f"worker {self.target}:\n{result}")
        return result

    def __exit__(self, *_: Any) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._requests, self._answers, self._log):
            with suppress(BrokenPipeError):  # a request that the process never read
                stream.close()


def child_environment(threads: int, **more: str) -> dict[str, str]:
    """Return the environment of a child that imports from this checkout.

    Args:
        threads: that every library is held to.
        more: further variables.
    """
    path = os.environ.get("PYTHONPATH")
    environment = {
        **os.environ,
        **dict.fromkeys(machine.THREAD_VARIABLES, str(threads)),
        "PYTHONPATH": os.pathsep.join([str(machine.ROOT), *([path] if path else [])]),
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        **more,
    }
    # An installed package has its bytecode.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def serve(target: str, threads: int, cpus: list[int]) -> None:
    """Be the worker: answer requests until there are no more."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cpus)  # before a library starts its threads
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not end up between the answers
    module, name = target.split(":")
    held = getattr(importlib.import_module(module), name)(threads)
    answer: tuple[bool, Any] = True, None
    while True:
        pickle.dump(answer, answers)
        answers.flush()
        try:
            method, arguments = pickle.load(requests)
        except EOFError:
            return
        try:
            answer = True, getattr(held, method)(*arguments)
        except Exception:
            answer = False, traceback.format_exc()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), [int(cpu) for cpu in sys.argv[3:]])
