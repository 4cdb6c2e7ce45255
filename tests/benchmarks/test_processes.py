from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from benchmarks.harness.processes import Worker, WorkerError, child_environment

TARGET = "tests.benchmarks.targets:Target"


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(TARGET, threads=1) as made:
        yield made


def test_answers_although_the_library_prints(worker: Worker) -> None:
    assert worker.call("add", 2, 3) == 5
    assert worker.call("add", 1) == 1


def test_is_held_to_its_threads(worker: Worker) -> None:
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        assert worker.call("variable", name) == "1"


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux only")
def test_is_held_to_as_many_processors(worker: Worker) -> None:
    assert worker.call("cpus") == 1


def test_environment_can_be_changed() -> None:
    changed = child_environment(2, BEANS="7")
    assert changed["BEANS"] == "7"
    assert changed["OMP_NUM_THREADS"] == "2"


def test_an_error_over_there_is_an_error_here_and_no_end(worker: Worker) -> None:
    with pytest.raises(WorkerError, match="out of beans"):
        worker.call("fail")
    assert worker.call("add", 4) == 4


def test_the_end_of_the_process_is_an_error_with_its_last_words() -> None:
    with Worker(TARGET, threads=1) as worker:
        with pytest.raises(WorkerError, match="ended with code 3:\nlast words"):
            worker.call("die")
        with pytest.raises(WorkerError, match="code 3"):
            worker.call("add", 1)


def test_an_object_that_cannot_be_made_is_an_error() -> None:
    with pytest.raises(WorkerError, match="no such library"):
        Worker("tests.benchmarks.targets:Unmade", threads=1)
