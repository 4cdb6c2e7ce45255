"""Tasks handed out to threads one by one, to whoever is free.

`prange` cuts its range into equal parts before it starts. Where one core is slower
than the others, or busy with something else, all wait for its part. Here `prange` runs
over workers, one per thread, and each takes the next task until none is left:

    waiting = np.zeros(1, np.int64)
    for worker in prange(workers):
        task = take(waiting)
        while task < tasks:
            ...                     # may use memory that belongs to the worker
            task = take(waiting)

Which worker runs a task must not matter for its result; then any number of threads,
however fast, gives the same bits.

What a worker does is a function of its own. What it works on comes in three parts, each
a `NamedTuple` of arrays and numbers (Numba does not take tuples inside tuples into a
`prange`). They arrive as plain tuples, which takes half as long, and get their names
back there:

    @compiled
    def _work(worker, waiting, arrays, epilogue, sizes):
        arrays, epilogue, sizes = Arrays(*arrays), Epilogue(*epilogue), Sizes(*sizes)
        task = take(waiting)
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
    parallel,
)


def workers():
    """Return how many threads a kernel may use."""
    return int(numba.get_num_threads())


@intrinsic
def take(typing_context, waiting):
    """Add 1 to waiting[0], as one indivisible step, and return what it was before."""

    def codegen(context, builder, signature, arguments):
        array = cgutils.create_struct_proxy(signature.args[0])
        data = array(context, builder, value=arguments[0]).data
        one = ir.Constant(ir.IntType(64), 1)
        return builder.atomic_rmw("add", data, one, "monotonic")

    return types.int64(waiting), codegen


def launch(work, count, *parts):
    """Let ``count`` workers run ``work(worker, waiting, *parts)``.

    One worker is the calling thread: no other is woken for it.

    Args:
        work: compiled; it takes tasks until none is left, and returns nothing.
        count: how many workers.
        parts: three `NamedTuple`s, of arrays and numbers.
    """
    parts = tuple(tuple(part) for part in parts)
    if count == 1 or BOUNDS_CHECKED:  # an IndexError on another thread would be lost
        work(0, np.zeros(1, np.int64), *parts)
    else:
        _launch(_address_of(work, parts), count, *parts)


@parallel
def _launch(address, count, first, second, third):
    waiting = np.zeros(1, np.int64)
    for worker in prange(count):
        _call(address, (np.int64(worker), waiting, first, second, third))


addresses = {}


def _address_of(work, parts):
    """Return where the machine code of ``work`` is.

    It is compiled, or loaded from the cache, for parts of these types first.
    """
    key = work, compute_fingerprint(parts)
    found = addresses.get(key)
    if found is None:
        kinds = types.int64, types.int64[::1], *map(numba.typeof, parts)
        work.compile(kinds)
        compiled = work.overloads[kinds]
        library, name = compiled.library, compiled.fndesc.llvm_func_name
        found = addresses[key] = library.get_pointer_to_function(name)
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
