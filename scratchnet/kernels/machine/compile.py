"""The one place that hands a function to Numba and launches it.

    compiled        runs on the calling thread
    compiled_once   the same, for compiled functions only, which share its code
    inlined         becomes a part of the compiled functions that call it
    parallel        spreads its `prange` over the threads, one launch at a time
    parallel_once   the same, for compiled functions only, whose caller has the lock

`fastmath` is held to ``{"contract"}`` (a multiplication and an addition may become
one fused instruction): anything more would let the compiler assume that NaN does not
exist, or reorder sums.
"""

import functools
import hashlib
import sys
import threading
import types
from pathlib import Path

import numba

from scratchnet.kernels.machine.forks import fork_between_kernels, has_no_threads
from scratchnet.kernels.machine.links import callable_by_symbol, link, links_of
from scratchnet.kernels.machine.numba_internals import (
    CodeCache,
    call_from_outside_only,
    keep_on_disk,
    load_openmp,
    on_compile,
)

OPTIONS = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract"},
    "no_cfunc_wrapper": True,  # nothing written in C calls a kernel
}

# Only what says `prange` runs in parallel: Numba would also spread array expressions
# such as ``dx[n] = 0``, which takes long to compile and starts threads unasked.
PARALLEL = {
    "prange": True,
    "comprehension": False,
    "fusion": False,
    "inplace_binop": False,
    "numpy": False,
    "reduction": False,
    "setitem": False,
    "stencil": False,
}

BOUNDS_CHECKED = bool(numba.config.BOUNDSCHECK)

SPREAD = {} if BOUNDS_CHECKED else {"parallel": PARALLEL}

# OpenMP is not fork-safe, and Numba's workqueue layer aborts the process when two
# threads launch at once: every parallel region goes through this lock.
LAUNCH_LOCK = threading.RLock()
fork_between_kernels(LAUNCH_LOCK)


# How often a thread looks for the next kernel, or for the others to finish, before it
# goes to sleep: 100 to 350 microseconds, by processor. To wake one takes as long as a
# small kernel, so that it should still be awake when the next one comes, a few lines of
# Python later. But where another process has a core, a thread that looks keeps the
# thread that it waits for from running: there 30,000 made a step of a small model three
# times as slow as 3,000, and on free cores it gained nothing over 6,000
# (`benchmarks/README.md`).
SPIN_COUNT = 6_000

load_openmp(SPIN_COUNT)


def _digest():
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


SOURCE = _digest()


def compiled(function):
    """Compile for one thread; the machine code is cached on disk."""
    return _jit(function)


def compiled_once(function):
    """Compile for one thread, for other compiled functions to call.

    The function is not taken into each of them, see `links.py`. That is for what is
    called for an image or a block at a time; what is called for a number or a register
    should become a part of its caller.
    """
    return _called_by_symbol(function)


def inlined(function):
    """Compile into each of its callers.

    An argument that is a constant there is one for the compiler, which can then unroll
    a loop. By itself it decides so for small functions only.
    """
    return numba.njit(**OPTIONS, inline="always")(function)


def parallel(function):
    """Compile with `prange` on; the result launches under `LAUNCH_LOCK`.

    Under NUMBA_BOUNDSCHECK=1 the loops are serial, for an IndexError that is raised on
    another thread would be lost.
    """
    kernel, alone = _jit(function, **SPREAD), None
    overloads = getattr(kernel, "overloads", {})  # none under NUMBA_DISABLE_JIT=1
    known = 0

    @functools.wraps(function)
    def launch(*arguments):
        nonlocal known, alone
        with LAUNCH_LOCK:
            if has_no_threads():
                alone = alone or _jit(_under_another_name(function))
                return alone(*arguments)
            result = kernel(*arguments)
            if len(overloads) != known:
                known = len(overloads)
                for overload in overloads.values():
                    call_from_outside_only(overload.library)
            return result

    return launch


def _under_another_name(function):
    """Return a copy: the cache would take a loop on one thread for the spread one."""
    name = f"{function.__name__}_on_one_thread"
    copy = types.FunctionType(function.__code__, function.__globals__, name)
    copy.__module__, copy.__qualname__ = function.__module__, name
    return copy


def parallel_once(function):
    """Compile with `prange` on, once, for other compiled functions to call."""
    return _called_by_symbol(function, **SPREAD)


def _called_by_symbol(function, **options):
    if numba.config.DISABLE_JIT:
        return function
    return callable_by_symbol(_jit(function, **options, no_cpython_wrapper=True))


def _jit(function, **options):
    dispatcher = numba.njit(**OPTIONS, **options)(function)
    if BOUNDS_CHECKED:  # machine code with and without checks looks alike to the cache
        return dispatcher
    try:
        cache = CodeCache(function, SOURCE, links_of, link, _say_it_is_not_kept)
        keep_on_disk(dispatcher, cache)
    except RuntimeError:  # no folder can be written for the cache: compile each time
        pass
    return dispatcher


@functools.cache
def _say_once(text):
    print(f"scratchnet: {text}", file=sys.stderr, flush=True)


def _announce(function):
    if (function.__module__ or "").startswith("scratchnet."):
        _say_once(
            "compiling kernels for this machine; later runs load them from the cache"
        )


def _say_it_is_not_kept(error):
    reason = error.strerror or error
    _say_once(
        f"the compiled kernels can't be kept ({reason}); every process will compile "
        "them again, unless NUMBA_CACHE_DIR names a folder that can be written"
    )


on_compile(_announce)
