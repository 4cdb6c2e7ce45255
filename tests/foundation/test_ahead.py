"""Work done ahead: in order, bounded, and with no thread left behind."""

import gc
import itertools
import subprocess
import sys
import threading
import time
import traceback
import tracemalloc
from functools import partial

import numpy as np
import pytest

from scratchnet.foundation.ahead import ahead, results


def threads():
    return {thread for thread in threading.enumerate() if thread.name == "ahead"}


@pytest.mark.parametrize("count", [None, 0, 1, 5, 6, 9])
def test_items_come_in_order_and_no_more_are_taken_than_wanted(count):
    items = iter(range(6))
    wanted = 6 if count is None else min(count, 6)
    assert list(ahead(items, count)) == list(range(wanted))
    assert list(items) == list(range(wanted, 6))
    assert not threads()


@pytest.mark.parametrize("workers", [1, 3])
def test_results_keep_their_order_whoever_is_quickest(workers):
    def late(i):
        time.sleep(0.002 * ((7 - i) % 4))
        return i

    calls = (partial(late, i) for i in range(12))
    assert list(results(calls, workers, 4)) == list(range(12))
    assert not threads()


@pytest.mark.parametrize("workers", [1, 2])
def test_no_more_than_so_many_wait(workers):
    made = []
    stream = results((partial(made.append, i) for i in itertools.count()), workers, 3)
    for taken in range(1, 20):
        next(stream)
        assert len(made) <= taken + 3
    stream.close()
    assert not threads()


def boom():
    yield 1
    yield 2
    raise KeyError("of the user")


def test_errors_come_in_their_turn_with_their_own_traceback():
    seen = []
    with pytest.raises(KeyError, match="of the user") as error:
        for item in ahead(boom()):
            seen.append(item)
    assert seen == [1, 2]
    lines = [frame.name for frame in traceback.extract_tb(error.value.__traceback__)]
    assert lines[-1] == "boom"
    assert not threads()


def test_whoever_stops_early_leaves_no_thread_and_may_go_on_with_the_rest():
    items = iter(range(100))
    stream = ahead(items)
    assert next(stream) == 0
    stream.close()
    assert not threads()
    assert next(items) <= 4  # those that were made ahead are gone


def test_memory_is_flat():
    def arrays():
        for _ in range(200):
            yield np.zeros(100_000)

    gc.collect()
    tracemalloc.start()
    for _ in ahead(arrays()):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # One in use, those that wait, one in the making, and one just handed over.
    assert peak < 6 * 800_000


HANGS = """
import signal, threading
from scratchnet.foundation.ahead import ahead

def hangs():
    yield 1
    threading.Event().wait()

def interrupt(*_):
    raise KeyboardInterrupt

stream = ahead(hangs())
assert next(stream) == 1
# The first interrupt ends the waiting, and the second that for the call that hangs.
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
try:
    next(stream)
except KeyboardInterrupt:
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("left")
"""


def test_a_program_that_is_left_while_a_call_hangs_ends():
    done = subprocess.run(
        [sys.executable, "-c", HANGS],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "left\n"), done.stderr
