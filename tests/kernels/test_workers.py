"""Tasks handed out one by one: none is lost, and none is given twice."""

import numpy as np
import pytest
from numba import prange

from scratchnet.kernels import OPERATIONS
from scratchnet.kernels.compile import compiled, parallel
from scratchnet.kernels.dense.direct import _blocks
from scratchnet.kernels.workers import address_of, addresses, call, take, workers

TASKS = 20_000


@parallel
def hand_out(waiting, taken, by_worker):
    for worker in prange(len(by_worker)):
        task = take(waiting)
        while task < len(taken):
            taken[task] += 1
            by_worker[worker] += 1
            task = take(waiting)


def main():
    taken, by_worker = np.zeros(TASKS, np.int64), np.zeros(workers(), np.int64)
    for turn in range(1, 21):
        waiting = np.zeros(1, np.int64)
        hand_out(waiting, taken, by_worker)
        assert (taken == turn).all()
        assert by_worker.sum() == turn * TASKS
        assert waiting == TASKS + workers()  # every worker asked once in vain
    print("workers:", workers())


def test_one_worker_gets_all_tasks_in_order():
    waiting, taken, by_worker = (np.zeros(n, np.int64) for n in (1, 5, 1))
    hand_out(waiting, taken, by_worker)
    assert waiting == 6
    assert taken.tolist() == [1] * 5
    assert by_worker.tolist() == [5]


@compiled
def fill_own(worker, waiting, x, factors):
    task = take(waiting)
    while task < len(x):
        x[task] = task * factors[0] + factors[1]
        task = take(waiting)


@parallel
def fill_all(address, x, factors, count):
    waiting = np.zeros(1, np.int64)
    for worker in prange(count):
        call(address, fill_own, (np.int64(worker), waiting, x, factors))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_function_is_called_by_its_address(dtype):
    x = np.zeros(50, dtype)
    fill_all(address_of(fill_own, x, (2, 1)), x, (2, 1), 2)
    assert x.tolist() == [2 * i + 1 for i in range(50)]


def test_what_is_called_is_what_was_compiled():
    # One version for each address: the types that a launch passes on are those that
    # the address was asked for.
    from tests.kernels.cases import CASES

    for name in ("convolution_forward", "pooled_convolution_backward", "dense_forward"):
        case = CASES[name](lambda options: options[-1], np.random.default_rng(0), "f4")
        case.dtype = np.float32
        case.run(OPERATIONS[name].rungs["direct"])
    # A small dense product is no launch: one thread calls the function by its name.
    launched = {key[0] for key in addresses} - {_blocks}
    assert launched
    for work in launched:
        asked = sum(key[0] is work for key in addresses)
        assert len(work.overloads) <= asked


def test_no_task_is_lost_or_given_twice():
    from tests.kernels.test_processes import run

    assert run("-m", __name__, NUMBA_NUM_THREADS="4") == "workers: 4\n"


if __name__ == "__main__":
    main()
