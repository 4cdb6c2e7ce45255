"""Tasks handed out one by one: none is lost, and none is given twice."""

import numpy as np
from numba import prange

from scratchnet.kernels.compile import parallel
from scratchnet.kernels.workers import take, workers

TASKS = 20_000


@parallel
def hand_out(taken, by_worker):
    waiting = np.zeros(1, np.int64)
    for worker in prange(len(by_worker)):
        task = take(waiting)
        while task < len(taken):
            taken[task] += 1
            by_worker[worker] += 1
            task = take(waiting)
    return waiting[0]


def main():
    taken, by_worker = np.zeros(TASKS, np.int64), np.zeros(workers(), np.int64)
    for turn in range(1, 21):
        last = hand_out(taken, by_worker)
        assert (taken == turn).all()
        assert by_worker.sum() == turn * TASKS
        assert last == TASKS + workers()  # every worker asked once in vain
    print("workers:", workers())


def test_one_worker_gets_all_tasks_in_order():
    taken, by_worker = np.zeros(5, np.int64), np.zeros(1, np.int64)
    assert hand_out(taken, by_worker) == 6
    assert taken.tolist() == [1] * 5
    assert by_worker.tolist() == [5]


def test_no_task_is_lost_or_given_twice():
    from tests.kernels.test_processes import run

    assert run("-m", __name__, NUMBA_NUM_THREADS="4") == "workers: 4\n"


if __name__ == "__main__":
    main()
