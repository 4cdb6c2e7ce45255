"""Tasks handed out one by one: none is lost, and none is given twice."""

from typing import NamedTuple

import numpy as np
import pytest
from numba import prange

from scratchnet.kernels.machine.compile import compiled, parallel
from scratchnet.kernels.machine.workers import (
    LINE,
    _launch,
    entry_points,
    launch,
    take,
    workers,
)

TASKS = 20_000


@parallel
def hand_out(waiting, taken, by_worker):
    for worker in prange(len(by_worker)):
        task = take(waiting, worker, len(taken))
        while task < len(taken):
            taken[task] += 1
            by_worker[worker] += 1
            task = take(waiting, worker, len(taken))


def main():
    taken, by_worker = np.zeros(TASKS, np.int64), np.zeros(workers(), np.int64)
    for turn in range(1, 21):
        waiting = np.zeros(workers() * LINE, np.int64)
        hand_out(waiting, taken, by_worker)
        assert (taken == turn).all()
        assert by_worker.sum() == turn * TASKS
        # Every share is used up, and was asked in vain.
        assert (waiting[::LINE] > TASKS // workers()).all()
    print("workers:", workers())


def test_one_worker_gets_all_tasks_in_order():
    waiting, taken, by_worker = (np.zeros(n, np.int64) for n in (LINE, 5, 1))
    hand_out(waiting, taken, by_worker)
    assert waiting[0] == 6
    assert taken.tolist() == [1] * 5
    assert by_worker.tolist() == [5]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("tasks", [0, 1, 2, 7, 30])
def test_a_worker_begins_with_its_own_share_and_goes_on_with_the_others(count, tasks):
    for worker in range(count):
        waiting = np.zeros(count * LINE, np.int64)
        order = []
        while (task := take(waiting, worker, tasks)) < tasks:
            order.append(task)
        first = tasks * worker // count
        assert order == [*range(first, tasks), *range(first)]


class Arrays(NamedTuple):
    x: np.ndarray
    y: np.ndarray


class Line(NamedTuple):
    slope: int
    offset: float


class Size(NamedTuple):
    N: int
    negative: bool


@compiled
def fill(worker, waiting, arrays, line, size):
    arrays, line, size = Arrays(*arrays), Line(*line), Size(*size)
    n = take(waiting, worker, size.N)
    while n < size.N:
        value = line.slope * arrays.x[n] + line.offset
        arrays.y[n] = -value if size.negative else value
        n = take(waiting, worker, size.N)


@pytest.mark.parametrize("count", [1, 2])
def test_workers_run_a_function_until_no_task_is_left(count):
    # Each kind of arrays has machine code of its own, at an address that is kept; a
    # second round meets all of them again, with other arrays.
    for round in range(2):
        for dtype in (np.float32, np.float64):
            for writable in (True, False):
                x = np.arange(50 + round, dtype=dtype)
                x.flags.writeable = writable
                y = np.zeros_like(x)
                size = Size(len(x) - 1, round == 1)
                launch(fill, count, Arrays(x, y), Line(2, 0.5), size)
                sign = -1 if round == 1 else 1
                assert y.tolist() == [sign * (2 * n + 0.5) for n in x[:-1]] + [0]
    addressed = [key for key in entry_points if key[0] is fill]
    assert len(addressed) == 4 or count == 1


@compiled
def fill_with_copies(worker, waiting, arrays, line, size):
    arrays, size = Arrays(*arrays), Size(*size)
    n = take(waiting, worker, size.N)
    while n < size.N:
        if n == line[0]:
            arrays.y[0] = np.empty(1 << 55)[0]  # more than there is
        n = take(waiting, worker, size.N)


@pytest.mark.parametrize("count", [1, 2])
def test_a_worker_that_finds_no_memory_is_an_error(count):
    for task in (0, 99):
        arrays, failing = Arrays(np.ones(3), np.zeros(3)), (task,)
        launch(fill_with_copies, count, arrays, failing, Size(task, False))
        with pytest.raises(MemoryError):
            launch(fill_with_copies, count, arrays, failing, Size(100, False))


def test_code_for_linking_is_dropped_where_nobody_links():
    launch(fill, 2, Arrays(np.ones(3), np.zeros(3)), Line(2, 0.5), Size(3, False))
    overloads = [*fill.overloads.values(), *_launch.overloads.values()]
    if workers() > 1:
        assert overloads
    assert all(overload.library._shared_module is None for overload in overloads)


def test_no_task_is_lost_or_given_twice():
    from tests.kernels.test_processes import run

    assert run("-m", __name__, NUMBA_NUM_THREADS="4") == "workers: 4\n"


if __name__ == "__main__":
    main()
