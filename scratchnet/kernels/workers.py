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

What a worker does is a function of its own, called by its address:

    address = address_of(_work, *arguments)
    for worker in prange(workers):
        call(address, _work, (np.int64(worker), waiting, ...))

Called by its name, it would be compiled into each of the four functions that Numba
makes of a `prange` loop; that took most of the time that compiling took.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


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


addresses = {}


def address_of(work, *arguments):
    """Return where the machine code of ``work(worker, waiting, *arguments)`` is.

    It is compiled, or loaded from the cache, for arguments of these types first.
    """
    key = (
        work,
        *(
            (argument.dtype.char, argument.ndim, argument.flags.writeable)
            for argument in arguments
            if isinstance(argument, np.ndarray)
        ),
    )
    found = addresses.get(key)
    if found is None:
        kinds = types.int64, types.int64[::1], *map(numba.typeof, arguments)
        work.compile(kinds)
        compiled = work.overloads[kinds]
        name = compiled.fndesc.llvm_func_name
        found = addresses[key] = compiled.library.get_pointer_to_function(name)
    return found


@intrinsic(prefer_literal=False)
def call(typing_context, address, work, arguments):
    """Call ``work(*arguments)``, compiled for just these arguments, at an address."""
    found = work.get_call_type(typing_context, arguments.types, {})

    def codegen(context, builder, signature, values):
        convention = context.call_conv
        kind = convention.get_function_type(types.none, found.args)
        function = builder.inttoptr(values[0], kind.as_pointer())
        given = cgutils.unpack_tuple(builder, values[2])
        convention.call_function(builder, function, types.none, found.args, given)
        return context.get_dummy_value()

    return types.void(types.int64, work, arguments), codegen
