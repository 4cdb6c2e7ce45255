"""Dense, rung 3: the register tile that `convolution.direct` is made of.

Against `blas`: its threads are Numba's own, so that no second set of threads waits for
the same cores, and the order of every sum depends on shapes alone: any number of
threads gives the same bits, and a sample's result does not depend on the batch.

The result is cut into blocks, one task each. A block's sum is taken a part at a time,
so that what it reads of both factors stays in the first-level cache; the left factor's
part is copied there first, for rows that lie a multiple of 4 KiB apart would push each
other out. The same copy transposes, where a factor is needed transposed.

    forward          x · weight          samples × outputs, summed over inputs
    weight gradient  xᵀ · dy             inputs × outputs, summed over samples
    input gradient   dy · weightᵀ        samples × inputs, summed over outputs

What limits this rung: for the layers of small networks, reading the weights from
memory once per pass.

Reference: Goto and van de Geijn (2008), "Anatomy of high-performance matrix
multiplication", on packing.
"""

import numpy as np
from numba import prange

from scratchnet import workspace
from scratchnet.kernels.compile import compiled, parallel
from scratchnet.kernels.convolution.direct import offsets
from scratchnet.kernels.products import add_rows, clear, product
from scratchnet.kernels.simd import copy, transpose
from scratchnet.kernels.tile import ADD, BIAS, ZERO
from scratchnet.kernels.workers import address_of, call, take, workers

# A block of the result, and how much of a sum is taken at a time.
BLOCK_ROWS, BLOCK_COLUMNS, DEPTH = 48, 64, 128

# Fewer multiplications are not worth waking a thread for.
SMALL = 1_000_000


def dense_forward_direct(x, weight, bias, y):
    """Compute y = x · weight + bias.

    Shapes and arguments as in `dense_forward_reference`.
    """
    (N, inputs), outputs = x.shape, y.shape[1]
    _run(x, weight, y, (N, outputs, inputs), (inputs, 1), (outputs, 1), bias=bias)


def dense_backward_weight_direct(x, dy, d_weight, d_bias):
    """Compute d_weight = xᵀ · dy and d_bias = ∑ₙ dy.

    Shapes and arguments as in `dense_backward_weight_reference`.
    """
    (N, inputs), outputs = x.shape, dy.shape[1]
    shape = inputs, outputs, N
    _run(x, dy, d_weight, shape, (1, inputs), (outputs, 1), sums=d_bias)


def dense_backward_input_direct(dy, weight, dx):
    """Compute dx = dy · weightᵀ.

    Shapes and arguments as in `dense_backward_input_reference`.
    """
    (N, outputs), inputs = dy.shape, dx.shape[1]
    _run(dy, weight, dx, (N, inputs, outputs), (outputs, 1), (1, outputs))


def _run(A, B, C, shape, a_strides, b_strides, bias=None, sums=None):
    """Compute C = A · B, or A · B + bias, and the sums of B's columns if wanted."""
    rows, columns, length = shape
    nothing = np.empty(0, C.dtype)
    count = 1 if rows * columns * length < SMALL else workers()
    arguments = (
        *(A.reshape(-1), B.reshape(-1), C.reshape(-1)),
        nothing if bias is None else bias,
        nothing if sums is None else sums,
        *(a_strides, b_strides, shape),
        workspace.empty("dense", "left", (count, BLOCK_ROWS * DEPTH), C.dtype),
        workspace.empty("dense", "right", (count, DEPTH * BLOCK_COLUMNS), C.dtype),
        offsets(BLOCK_ROWS, DEPTH if a_strides[1] == 1 else 1),
        *(offsets(BLOCK_ROWS, columns), count),
    )
    address = address_of(_blocks, *arguments)
    if count == 1:
        _blocks(0, np.zeros(1, np.int64), *arguments)
    else:
        _products(address, *arguments)


@parallel
def _products(
    address,
    A,
    B,
    C,
    bias,
    sums,
    a_strides,
    b_strides,
    shape,
    left_of_workers,
    right_of_workers,
    a_rows,
    c_rows,
    workers,
):
    waiting = np.zeros(1, np.int64)
    for worker in prange(workers):
        own = (
            *(np.int64(worker), waiting),
            A,
            B,
            C,
            bias,
            sums,
            a_strides,
            b_strides,
            shape,
            left_of_workers,
            right_of_workers,
            a_rows,
            c_rows,
            workers,
        )
        call(address, _blocks, own)


@compiled
def _blocks(
    worker,
    waiting,
    A,
    B,
    C,
    bias,
    sums,
    a_strides,
    b_strides,
    shape,
    left_of_workers,
    right_of_workers,
    a_rows,
    c_rows,
    workers,
):
    """Compute blocks of C until none is left; blocks of one column are neighbours."""
    left, right = left_of_workers[worker], right_of_workers[worker]
    rows, columns, length = shape
    down = (rows + BLOCK_ROWS - 1) // BLOCK_ROWS
    across = (columns + BLOCK_COLUMNS - 1) // BLOCK_COLUMNS
    task = take(waiting)
    while task < down * across:
        row, column = task % down * BLOCK_ROWS, task // down * BLOCK_COLUMNS
        size = min(BLOCK_ROWS, rows - row), min(BLOCK_COLUMNS, columns - column)
        if len(sums) > 0 and row == 0:
            own = sums[column : column + size[1]]
            clear(own, 0, size[1])
            add_rows(B, column, (0, b_strides[0]), (1, length), own)
        for k in range(0, length, DEPTH):
            depth = min(DEPTH, length - k)
            at = row * a_strides[0] + k * a_strides[1]
            a_step = _pack_left(A, at, a_strides, size[0], depth, left)
            b, b_step = column + k * b_strides[0], b_strides[0]
            begin = ADD if k > 0 else BIAS if len(bias) > 0 else ZERO
            if b_strides[1] == 1:
                product(
                    *(left, 0, a_rows, (0, a_step), B, b, (0, b_step), (1, depth)),
                    *(C, row * columns + column, c_rows, size),
                    *(begin, bias, column, False),
                )
            else:
                at = column * b_strides[1] + k * b_strides[0]
                transpose(B, at, b_strides[1], size[1], depth, right, 0, BLOCK_COLUMNS)
                product(
                    *(left, 0, a_rows, (0, a_step)),
                    *(right, 0, (0, BLOCK_COLUMNS), (1, depth)),
                    *(C, row * columns + column, c_rows, size),
                    *(begin, bias, column, False),
                )
        task = take(waiting)


@compiled
def _pack_left(A, at, strides, rows, depth, left):
    """Copy a part of the left factor; return the stride of the sum in the copy."""
    if strides[1] == 1:
        for m in range(rows):
            copy(A, at + m * strides[0], left, m * DEPTH, depth)
        return 1
    for k in range(depth):
        copy(A, at + k * strides[1], left, k * BLOCK_ROWS, rows)
    return BLOCK_ROWS
