"""Dense, rung 3: the register tile that `convolution.direct` is made of.

Against `blas`: its threads are Numba's own, so that no second set of threads waits for
the same cores, and the order of every sum depends on shapes alone: any number of
threads gives the same bits, and a sample's result does not depend on the batch.

What limits this rung: for the layers of small networks, reading the weights from
memory once per pass.
"""

import functools

import numpy as np

from scratchnet import workspace
from scratchnet.kernels.products import run_products
from scratchnet.kernels.tile import BIAS, ZERO

# A task is a block of C with at most so many rows and columns: enough tasks for all
# threads, and a block of B that stays in the cache while the rows go by.
BLOCK_ROWS, BLOCK_COLUMNS = 48, 64


def dense_forward_direct(x, weight, bias, y):
    """Compute y = x · weight + bias.

    Shapes and arguments as in `dense_forward_reference`.
    """
    (N, inputs), outputs = x.shape, y.shape[1]
    _run(x, weight, y, (inputs, 1), outputs, inputs, (N, outputs), bias)


def dense_backward_weight_direct(x, dy, d_weight, d_bias):
    """Compute d_weight = xᵀ · dy: xᵀ is x, read with its strides exchanged.

    Shapes and arguments as in `dense_backward_weight_reference`.
    """
    (N, inputs), outputs = x.shape, dy.shape[1]
    _run(x, dy, d_weight, (1, inputs), outputs, N, (inputs, outputs))
    np.sum(dy, axis=0, out=d_bias)


def dense_backward_input_direct(dy, weight, dx):
    """Compute dx = dy · weightᵀ: the tile reads rows of B, so weight is transposed.

    Shapes and arguments as in `dense_backward_input_reference`.
    """
    (N, outputs), inputs = dy.shape, dx.shape[1]
    transposed = workspace.empty("dense", "weightᵀ", (outputs, inputs), dy.dtype)
    np.copyto(transposed, weight.T)
    _run(dy, transposed, dx, (outputs, 1), inputs, outputs, (N, inputs))


def _run(A, B, C, a_strides, b_stride, length, shape, bias=None):
    """Compute C = A · B, or A · B + bias: one task per block of C."""
    row_stride, column_stride = a_strides
    tasks, steps, a_rows, c_rows, no_sums = _plan(*shape, row_stride, C.dtype.name)
    run_products(
        *(A.reshape(-1), B.reshape(-1), C.reshape(-1)),
        *(C.reshape(-1) if bias is None else bias, tasks, steps, a_rows, c_rows),
        (0, column_stride),
        (0, b_stride),
        (1, length),
        *(ZERO if bias is None else BIAS, 0, 0, no_sums),
    )


@functools.lru_cache(maxsize=256)
def _plan(rows, columns, row_stride, dtype):
    """Return tasks and steps, one block each, and the tables of A's and C's rows."""
    steps = [
        (
            row * row_stride,
            column,
            row * columns + column,
            min(BLOCK_ROWS, rows - row),
            min(BLOCK_COLUMNS, columns - column),
        )
        for row in range(0, rows, BLOCK_ROWS)
        for column in range(0, columns, BLOCK_COLUMNS)
    ]
    block = np.arange(BLOCK_ROWS, dtype=np.int64)
    return (
        np.arange(len(steps) + 1, dtype=np.int64),
        np.array(steps, np.int64).reshape(-1, 5),
        block * row_stride,
        block * columns,
        np.empty((len(steps), 0), dtype),
    )
