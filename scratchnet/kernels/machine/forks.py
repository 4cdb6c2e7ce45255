"""Kernels in a child process that `os.fork` made: on one thread, to the same bits.

A child has none of its parent's threads. OpenMP does not notice: it waits for them, for
ever, and so Numba ends a child that would launch on them. `multiprocessing` forks by
default on Linux up to Python 3.13. What another thread held at the time stays locked in
a child, too; so a fork waits until no kernel runs and none is being compiled.
"""

import os

from scratchnet.foundation.warn import warn
from scratchnet.kernels.machine.numba_internals import compiler_lock, has_threads

_alone = _told = False


def has_no_threads():
    """Tell whether this process left its threads behind; warn of it the first time."""
    global _told
    if _alone and not _told:
        _told = True
        warn(
            "scratchnet: this process was forked from one that had trained on several "
            "threads, which a fork leaves behind: kernels run on one thread here, with "
            'the same results; start processes with multiprocessing\'s "spawn" or '
            '"forkserver" for more'
        )
    return _alone


def fork_between_kernels(launch_lock):
    """Let every `os.fork` of this process wait for the lock, and release it after."""

    def before():
        # In this order: who launches a kernel may have to compile it.
        launch_lock.acquire()
        compiler_lock.acquire()

    def after():
        compiler_lock.release()
        launch_lock.release()

    def in_child():
        global _alone
        _alone = _alone or has_threads()
        after()

    if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
        os.register_at_fork(
            before=before, after_in_parent=after, after_in_child=in_child
        )
