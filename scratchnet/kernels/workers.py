"""Tasks handed out to threads one by one, to whoever is free.

`prange` cuts its range into equal parts before it starts. Where one core is slower
than the others, or busy with something else, all wait for its part. Here `prange` runs
over workers, one per thread, and each takes the next task until none is left:

    waiting = np.zeros(count * LINE, np.int64)
    for worker in prange(count):
        task = take(waiting, worker, tasks)
        while task < tasks:
            ...                     # may use memory that belongs to the worker
            task = take(waiting, worker, tasks)

The tasks are in shares, one for each worker, which begins with its own and goes on with
what is left of the others'. So a thread mostly meets the same part of a batch, or of
the weights, in one kernel after the other, and finds it in its own core's cache.

Which worker runs a task must not matter for its result; then any number of threads,
however fast, gives the same bits.

What a worker does is a function of its own. What it works on comes in three parts, each
a tuple, mostly a `NamedTuple`, of arrays and numbers (Numba does not take tuples inside
tuples into a `prange`). They arrive as plain tuples, which takes half as long, and get
their names back there:

    @compiled
    def _work(worker, waiting, arrays, epilogue, sizes):
        arrays, epilogue, sizes = Arrays(*arrays), Epilogue(*epilogue), Sizes(*sizes)
        task = take(waiting, worker, sizes.tasks)
        ...

    launch(_work, workers(), arrays, epilogue, sizes)

`launch` calls it by its address. Called by its name, it would be compiled into each of
the four functions that Numba makes of a `prange` loop; that took most of the time that
compiling took.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import prange, types
from numba._dispatcher import compute_fingerprint
from numba.core import cgutils
from numba.extending import intrinsic

from scratchnet.kernels.compile import (
    BOUNDS_CHECKED,
    call_from_python_only,
    compiled,
    parallel,
)


def workers():
    """Return how many threads a kernel may use."""
    return int(numba.get_num_threads())


# Numbers that fill a line of the cache, so that workers count in lines of their own.
LINE = 8


@intrinsic
def _count_up(typing_context, waiting, at):
    """Add 1 to waiting[at], as one indivisible step, and return what it was before."""

    def codegen(context, builder, signature, arguments):
        array = cgutils.create_struct_proxy(signature.args[0])
        data = array(context, builder, value=arguments[0]).data
        counter = builder.gep(data, [arguments[1]])
        one = ir.Constant(ir.IntType(64), 1)
        return builder.atomic_rmw("add", counter, one, "monotonic")

    return types.int64(waiting, types.int64), codegen


@compiled
def take(waiting, worker, tasks):
    """Return the next task for a worker, or ``tasks`` if none is left.

    Args:
        waiting: how many of each share are taken, `LINE` numbers apart; 0 at first.
        worker: who asks.
        tasks: how many there are.
    """
    count = len(waiting) // LINE
    for other in range(count):
        share = (worker + other) % count
        last = tasks * (share + 1) // count
        task = tasks * share // count + _count_up(waiting, share * LINE)
        if task < last:
            return task
    return tasks


def launch(work, count, *parts):
    """Let ``count`` workers run ``work(worker, waiting, *parts)``.

    One worker is the calling thread: no other is woken for it.

    Args:
        work: compiled; it takes tasks until none is left, and returns nothing.
        count: how many workers.
        parts: three tuples of arrays and numbers; `NamedTuple`s arrive as plain ones.
    """
    parts = tuple(tuple(part) for part in parts)
    if count == 1 or BOUNDS_CHECKED:  # an IndexError on another thread would be lost
        work(0, np.zeros(LINE, np.int64), *parts)
    else:
        _launch(_address_of(work, parts), count, *parts)


@parallel
def _launch(address, count, first, second, third):
    waiting = np.zeros(count * LINE, np.int64)
    for worker in prange(count):
        _call(address, (np.int64(worker), waiting, first, second, third))


entry_points = {}


def _address_of(work, parts):
    """Return where the machine code of ``work`` is.

    It is compiled, or loaded from the cache, for parts of these types first.
    """
    key = work, compute_fingerprint(parts)
    found = entry_points.get(key)
    if found is None:
        kinds = types.int64, types.int64[::1], *map(numba.typeof, parts)
        work.compile(kinds)
        made = work.overloads[kinds]
        library, name = made.library, made.fndesc.llvm_func_name
        found = entry_points[key] = library.get_pointer_to_function(name)
        call_from_python_only(library)
    return found


@intrinsic
def _call(typing_context, address, arguments):
    """Call what is at an address with these arguments; it returns nothing."""

    def codegen(context, builder, signature, values):
        convention, kinds = context.call_conv, signature.args[1].types
        function_type = convention.get_function_type(types.none, kinds)
        function = builder.inttoptr(values[0], function_type.as_pointer())
        given = cgutils.unpack_tuple(builder, values[1])
        convention.call_function(builder, function, types.none, kinds, given)
        return context.get_dummy_value()

    return types.void(types.int64, arguments), codegen
