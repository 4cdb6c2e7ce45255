"""Arrays with forbidden memory on one side, and a program that runs kernels on them.

``python -m tests.kernels.guarded`` computes products of every width and height from 1
to more than two tiles; reading or writing one element too many ends it by a signal.
"""

import ctypes
import mmap
import sys

import numpy as np

PROT_NONE = 0
_library = ctypes.CDLL(None, use_errno=True)


def guarded(values, side):
    """Return a copy of an array that ends (or begins) at a forbidden page."""
    values = np.ascontiguousarray(values)
    page = mmap.PAGESIZE
    pages = -(-max(values.nbytes, 1) // page)
    memory = mmap.mmap(-1, (pages + 2) * page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for forbidden in (start, start + (pages + 1) * page):
        if _library.mprotect(ctypes.c_void_p(forbidden), page, PROT_NONE) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")
    offset = page if side == "left" else (pages + 1) * page - values.nbytes
    array = np.frombuffer(memory, values.dtype, values.size, offset)
    array = array.reshape(values.shape)
    array[...] = values
    return array


def dense(rng, dtype, shape, side):
    from scratchnet.kernels import OPERATIONS

    N, inputs, outputs = shape

    def normal(*sizes):
        return rng.standard_normal(sizes).astype(dtype)

    def nan(*sizes):
        return np.full(sizes, np.nan, dtype)

    x, dy = normal(N, inputs), normal(N, outputs)
    weight, bias = normal(inputs, outputs), normal(outputs)
    calls = {
        "dense_forward": ([x, weight, bias], [nan(N, outputs)]),
        "dense_backward_weight": ([x, dy], [nan(inputs, outputs), nan(outputs)]),
        "dense_backward_input": ([dy, weight], [nan(N, inputs)]),
    }
    for name, (arguments, results) in calls.items():
        expected = [result.copy() for result in results]
        OPERATIONS[name].rungs["reference"](*arguments, *expected)
        own = [guarded(array, side) for array in (*arguments, *results)]
        OPERATIONS[name].rungs["direct"](*own)
        length = max(shape) + 2
        for want, got in zip(expected, own[len(arguments) :], strict=True):
            bound = length * np.finfo(dtype).eps * 8 * np.sqrt(length)
            np.testing.assert_allclose(got, want, rtol=0, atol=bound)


def main():
    from scratchnet.kernels.tile import TILES, VECTOR_BYTES

    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
        widest = max(vectors for _, vectors in TILES) * lanes
        tallest = max(rows for rows, _ in TILES)
        for side in ("left", "right"):
            for width in range(1, 2 * widest + 2):
                dense(rng, dtype, (3, 2, width), side)
            for height in range(1, 2 * tallest + 2):
                dense(rng, dtype, (height, 5, lanes + 1), side)
    print("no access outside")


if __name__ == "__main__":
    sys.exit(main())
