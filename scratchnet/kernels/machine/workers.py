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
a tuple, mostly a `NamedTuple`, of arrays and numbers. They arrive as plain tuples,
which takes half as long, and get their names back there:

    @compiled
    def _work(worker, waiting, arrays, epilogue, sizes):
        arrays, epilogue, sizes = Arrays(*arrays), Epilogue(*epilogue), Sizes(*sizes)
        task = take(waiting, worker, sizes.tasks)
        ...

    launch(_work, workers(), arrays, epilogue, sizes)

On the way to the threads, the parts become an address. Numba compiles a `prange` loop
anew for each set of types that it works on, and takes long over it; so there is one
loop for all, which only knows addresses: of the parts, and of the code that unpacks
them and calls the work.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from scratchnet.kernels.machine.compile import (
    BOUNDS_CHECKED,
    LAUNCH_LOCK,
    compiled,
    parallel_once,
)
from scratchnet.kernels.machine.forks import has_no_threads
from scratchnet.kernels.machine.numba_internals import (
    call_from_outside_only,
    fingerprint,
)


def workers():
    """Return how many threads a kernel may use."""
    return 1 if has_no_threads() else int(numba.get_num_threads())


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


if numba.config.DISABLE_JIT:  # as Python there is one worker, see `launch`

    def _count_up(waiting, at):
        waiting[at] += 1
        return waiting[at] - 1


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

    Raises:
        MemoryError: a worker found no memory.
    """
    parts = tuple(tuple(part) for part in parts)
    # An IndexError on another thread would be lost, and Python code has no address.
    if count == 1 or BOUNDS_CHECKED or numba.config.DISABLE_JIT:
        work(0, np.zeros(LINE, np.int64), *parts)
    else:
        with LAUNCH_LOCK:
            _launch(_address_of(work, parts), count, *parts)


@compiled
def _launch(address, count, first, second, third):
    counters = np.zeros((count + 1) * LINE, np.int64)
    waiting, failed = counters[: count * LINE], counters[count * LINE :]
    entry, record = _pack(address, failed, (waiting, first, second, third))
    _run_workers(entry, count, record)
    if failed[0] > 0:
        raise MemoryError("a kernel found no memory for its intermediate results")


@parallel_once
def _run_workers(entry, count, record):
    for worker in prange(count):
        _enter(entry, np.int64(worker), record)


entry_points = {}


def _address_of(work, parts):
    """Return where the machine code of ``work`` is.

    It is compiled, or loaded from the cache, for parts of these types first.
    """
    key = work, fingerprint(parts)
    found = entry_points.get(key)
    if found is None:
        own = tuple(map(numba.typeof, parts))
        for function, first in (
            (_launch, (types.int64, types.int64)),
            (work, (types.int64, types.int64[::1])),
        ):
            function.compile((*first, *own))
            made = function.overloads[(*first, *own)]
            call_from_outside_only(made.library)
        name = made.fndesc.llvm_func_name
        found = entry_points[key] = made.library.get_pointer_to_function(name)
    return found


_int64 = ir.IntType(64)
_entry_type = ir.FunctionType(ir.VoidType(), [_int64, _int64])


@intrinsic
def _pack(typing_context, address, failed, parts):
    """Write what a call takes to the stack.

    Returns:
        Where the code is that calls the work for one worker, and where the record is
        that it takes the call's parts from. There it is until the caller returns.
    """

    def codegen(context, builder, signature, values):
        array = cgutils.create_struct_proxy(signature.args[1])
        counter = array(context, builder, value=values[1]).data
        given = cgutils.unpack_tuple(builder, values[2])
        record = cgutils.alloca_once_value(
            builder, cgutils.pack_struct(builder, [values[0], counter, *given])
        )
        kinds = types.int64, *signature.args[2].types
        entry = _write_entry(context, builder.module, record.type, kinds)
        places = [builder.ptrtoint(place, _int64) for place in (entry, record)]
        return context.make_tuple(builder, signature.return_type, places)

    places = types.UniTuple(types.int64, 2)
    return places(types.int64, failed, parts), codegen


def _write_entry(context, module, record_type, kinds):
    """Write the function that calls the work with what a record has."""
    name = module.get_unique_name("enter")
    function = ir.Function(module, _entry_type, name)
    function.linkage = "internal"
    worker, record = function.args
    builder = ir.IRBuilder(function.append_basic_block())
    record = builder.load(builder.inttoptr(record, record_type))
    address, failed, *given = cgutils.unpack_tuple(builder, record)
    convention = context.call_conv
    function_type = convention.get_function_type(types.none, kinds)
    work = builder.inttoptr(address, function_type.as_pointer())
    status, _ = convention.call_function(
        builder, work, types.none, kinds, [worker, *given]
    )
    with cgutils.if_unlikely(builder, status.is_error):
        builder.atomic_rmw("add", failed, ir.Constant(_int64, 1), "monotonic")
    builder.ret_void()
    return function


@intrinsic
def _enter(typing_context, entry, worker, record):
    """Call the work for one worker."""

    def codegen(context, builder, signature, values):
        entry, worker, record = values
        function = builder.inttoptr(entry, _entry_type.as_pointer())
        builder.call(function, [worker, record])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen
