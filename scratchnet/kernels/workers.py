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
"""

import numba
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
