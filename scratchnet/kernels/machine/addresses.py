"""As many arrays as there are layers, for kernels that are compiled once.

Numba compiles a function for the types of its arguments, and a tuple's type has its
length in it: a kernel that took the arrays of three layers as a tuple would be compiled
again for four. A table of addresses is one array, however many layers there are.

    table = addresses(arrays)                        # in Python
    weight = array_at(table[i], rows * columns, x)   # in the kernel: flat, of x's dtype

Nothing checks an address: whoever makes the table keeps its arrays alive, of one dtype
and C-contiguous, until the kernel is done.
"""

import numpy as np
from numba import carray, types
from numba.extending import intrinsic

from scratchnet.kernels.machine.compile import compiled


@compiled
def _address(array):
    return array.ctypes.data


def addresses(arrays):
    """Return where the data of each array begin, (len(arrays),) int64."""
    # Compiled, it takes a tenth of the time that Python's own ways take.
    return np.array([_address(array) for array in arrays], np.int64)


@intrinsic
def _pointer(typing_context, address, like):
    pointer = types.CPointer(like.dtype)

    def codegen(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(pointer))

    return pointer(types.int64, like), codegen


@compiled
def array_at(address, size, like):
    """Return the flat array of ``size`` numbers, of the dtype of ``like``, there."""
    return carray(_pointer(address, like), (size,))
