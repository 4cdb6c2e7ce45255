"""Dense, rung 3: the register tile that `convolution.direct` is made of.

Against `blas`: its threads are Numba's own, so that no second set of threads waits for
the same cores, and the order of every sum depends on shapes alone: any number of
threads gives the same bits, and a sample's result does not depend on the batch.

The result is cut into blocks, one task each. A block's sum is taken a part at a time,
so that what it reads of both factors stays in the caches. Both parts are copied, to lie
there without gaps: the left one for a whole block, the right one for a strip of the
block's columns. Rows that begin a large power of two apart would push each other out
of the cache. The same copy transposes, where a factor is needed transposed.

How large blocks are decides who computes what, not in which order anything is summed.

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
from scratchnet.kernels.products import WIDE_ROWS, add_rows, clear, product
from scratchnet.kernels.simd import copy, transpose
from scratchnet.kernels.tile import ADD, BIAS, ZERO
from scratchnet.kernels.workers import address_of, call, take, workers

# The most rows of a block, the columns of a strip, and how much of a sum is taken at a
# time. A strip's part of the right factor just fits the first-level cache.
BLOCK_ROWS, STRIP, DEPTH = 96, 64, 128

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
    if rows == 0 or length == 0:  # no samples
        C[...] = 0 if bias is None else bias
        if sums is not None:
            sums[...] = 0
        return
    nothing = np.empty(0, C.dtype)
    count = 1 if rows * columns * length < SMALL else workers()
    block = _block(rows, columns, count)
    arguments = (
        *(A.reshape(-1), B.reshape(-1), C.reshape(-1)),
        nothing if bias is None else bias,
        nothing if sums is None else sums,
        *(a_strides, b_strides, shape, block),
        workspace.empty("dense", "left", (count, BLOCK_ROWS * DEPTH), C.dtype),
        workspace.empty("dense", "right", (count, DEPTH * STRIP), C.dtype),
        offsets(BLOCK_ROWS, DEPTH if a_strides[1] == 1 else 1),
        *(offsets(BLOCK_ROWS, columns), count),
    )
    if count == 1:
        _blocks(0, np.zeros(1, np.int64), *arguments)
    else:
        _products(address_of(_blocks, *arguments), *arguments)


def _block(rows, columns, workers):
    """Return how many rows and columns a block has, so that all workers have one.

    A copy of the left factor serves all strips of a block, one of the right factor all
    its rows: with many rows, a block has all columns; with few, a strip.
    """
    width = columns if rows > BLOCK_ROWS else STRIP
    across, down = -(-columns // width), -(-rows // BLOCK_ROWS)
    while across * down % workers and across * down < 4 * workers:
        down += 1
    return -(-rows // (down * WIDE_ROWS)) * WIDE_ROWS, width


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
    block,
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
            block,
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
    block,
    left_of_workers,
    right_of_workers,
    a_rows,
    c_rows,
    workers,
):
    """Compute blocks of C until none is left; blocks of one column are neighbours."""
    left, right = left_of_workers[worker], right_of_workers[worker]
    rows, columns, length = shape
    down = (rows + block[0] - 1) // block[0]
    across = (columns + block[1] - 1) // block[1]
    task = take(waiting)
    while task < down * across:
        row, column = task % down * block[0], task // down * block[1]
        height, width = min(block[0], rows - row), min(block[1], columns - column)
        if len(sums) > 0 and row == 0:
            own = sums[column : column + width]
            clear(own, 0, width)
            add_rows(B, column, (0, b_strides[0]), (1, length), own)
        for k in range(0, length, DEPTH):
            depth = min(DEPTH, length - k)
            at = row * a_strides[0] + k * a_strides[1]
            a_step = _pack_left(A, at, a_strides, height, depth, left)
            begin = ADD if k > 0 else BIAS if len(bias) > 0 else ZERO
            for strip in range(column, column + width, STRIP):
                size = min(STRIP, column + width - strip)
                at = strip * b_strides[1] + k * b_strides[0]
                _pack_right(B, at, b_strides, size, depth, right)
                product(
                    *(left, 0, a_rows, (0, a_step)),
                    *(right, 0, (0, STRIP), (1, depth)),
                    *(C, row * columns + strip, c_rows, (height, size)),
                    *(begin, bias, strip, False),
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


@compiled
def _pack_right(B, at, strides, columns, depth, right):
    """Copy a part of the right factor, row after row of the sum."""
    if strides[1] == 1:
        for k in range(depth):
            copy(B, at + k * strides[0], right, k * STRIP, columns)
    else:
        transpose(B, at, strides[1], columns, depth, right, 0, STRIP)
