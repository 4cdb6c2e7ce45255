"""Dense, rung 3: the register tile that `convolution.direct` is made of.

Slower than `blas` on most shapes. What that buys: no second set of threads waits for
the same cores, and the order of every sum depends on shapes alone, so that any number
of threads gives the same bits, and a sample's result does not depend on the batch.

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

from typing import NamedTuple

import numpy as np

from scratchnet import workspace
from scratchnet.kernels.compile import compiled
from scratchnet.kernels.convolution.direct import offsets
from scratchnet.kernels.products import WIDE_ROWS, add_rows, clear, product
from scratchnet.kernels.simd import copy, transpose
from scratchnet.kernels.tile import ADD, BIAS, ZERO
from scratchnet.kernels.workers import launch, take, workers

# The most rows of a block, the columns of a strip, and how much of a sum is taken at a
# time. A strip's part of the right factor just fits the first-level cache.
BLOCK_ROWS, STRIP, DEPTH = 96, 64, 128

# Fewer multiplications are not worth waking a thread for.
SMALL = 1_000_000


class Matrices(NamedTuple):
    """What a product C = A · B is made of.

    Attributes:
        A: left factor, flat.
        B: right factor, flat.
        C: written, flat.
        bias: what every row of C begins with, or empty: nothing.
        sums: the sums of B's columns, written; or empty: they are not wanted.
        left: (workers, ...), for copies of parts of A.
        right: (workers, ...), for copies of parts of B.
        a_rows: where each row begins in a copy of A.
        c_rows: where each row of a block begins in C.
    """

    A: np.ndarray
    B: np.ndarray
    C: np.ndarray
    bias: np.ndarray
    sums: np.ndarray
    left: np.ndarray
    right: np.ndarray
    a_rows: np.ndarray
    c_rows: np.ndarray


class Strides(NamedTuple):
    """From one element of a factor to the next: in its rows or columns, in the sum."""

    a_row: int
    a_sum: int
    b_sum: int
    b_column: int


class Sizes(NamedTuple):
    """Of a product, and of the blocks that it is cut into."""

    rows: int
    columns: int
    length: int
    block_rows: int
    block_columns: int


def dense_forward_direct(x, weight, bias, y):
    """Compute y = x · weight + bias.

    Shapes and arguments as in `dense_forward_reference`.
    """
    (N, inputs), outputs = x.shape, y.shape[1]
    strides = Strides(inputs, 1, outputs, 1)
    _product(x, weight, y, (N, outputs, inputs), strides, bias=bias)


def dense_backward_weight_direct(x, dy, d_weight, d_bias):
    """Compute d_weight = xᵀ · dy and d_bias = ∑ₙ dy.

    Shapes and arguments as in `dense_backward_weight_reference`.
    """
    (N, inputs), outputs = x.shape, dy.shape[1]
    strides = Strides(1, inputs, outputs, 1)
    _product(x, dy, d_weight, (inputs, outputs, N), strides, sums=d_bias)


def dense_backward_input_direct(dy, weight, dx):
    """Compute dx = dy · weightᵀ.

    Shapes and arguments as in `dense_backward_input_reference`.
    """
    (N, outputs), inputs = dy.shape, dx.shape[1]
    _product(dy, weight, dx, (N, inputs, outputs), Strides(outputs, 1, 1, outputs))


def _product(A, B, C, shape, strides, bias=None, sums=None):
    """Compute C = A · B, or A · B + bias, and the sums of B's columns if wanted."""
    rows, columns, length = shape
    if rows == 0 or length == 0:  # no samples
        C[...] = 0 if bias is None else bias
        if sums is not None:
            sums[...] = 0
        return
    nothing = np.empty(0, C.dtype)
    count = 1 if rows * columns * length < SMALL else workers()
    matrices = Matrices(
        *(A.reshape(-1), B.reshape(-1), C.reshape(-1)),
        nothing if bias is None else bias,
        nothing if sums is None else sums,
        workspace.empty("dense", "left", (count, BLOCK_ROWS * DEPTH), C.dtype),
        workspace.empty("dense", "right", (count, DEPTH * STRIP), C.dtype),
        offsets(BLOCK_ROWS, DEPTH if strides.a_sum == 1 else 1),
        offsets(BLOCK_ROWS, columns),
    )
    launch(_blocks, count, matrices, strides, Sizes(*shape, *_block(*shape[:2], count)))


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


@compiled
def _blocks(worker, waiting, matrices, strides, sizes):
    """Compute blocks of C until none is left; blocks of one column are neighbours."""
    matrices, strides, sizes = Matrices(*matrices), Strides(*strides), Sizes(*sizes)
    down = (sizes.rows + sizes.block_rows - 1) // sizes.block_rows
    across = (sizes.columns + sizes.block_columns - 1) // sizes.block_columns
    task = take(waiting)
    while task < down * across:
        row, column = task % down * sizes.block_rows, task // down * sizes.block_columns
        height = min(sizes.block_rows, sizes.rows - row)
        width = min(sizes.block_columns, sizes.columns - column)
        if len(matrices.sums) > 0 and row == 0:
            own = matrices.sums[column : column + width]
            clear(own, 0, width)
            add_rows(matrices.B, column, (0, strides.b_sum), (1, sizes.length), own)
        for k in range(0, sizes.length, DEPTH):
            shape = height, width, min(DEPTH, sizes.length - k)
            _add_part(worker, matrices, strides, sizes, (row, column, k), shape)
        task = take(waiting)


@compiled
def _add_part(worker, matrices, strides, sizes, start, shape):
    """Add a part of the sum to a block; the first part begins it."""
    A, B, C, bias = matrices.A, matrices.B, matrices.C, matrices.bias
    left, right = matrices.left[worker], matrices.right[worker]
    (row, column, k), (height, width, depth) = start, shape
    at = row * strides.a_row + k * strides.a_sum
    step = _pack_left(A, at, strides, height, depth, left)
    begin = ADD if k > 0 else BIAS if len(bias) > 0 else ZERO
    for strip in range(column, column + width, STRIP):
        size = min(STRIP, column + width - strip)
        at = strip * strides.b_column + k * strides.b_sum
        _pack_right(B, at, strides, size, depth, right)
        product(
            *(left, 0, matrices.a_rows, (0, step)),
            *(right, 0, (0, STRIP), (1, depth)),
            *(C, row * sizes.columns + strip, matrices.c_rows, (height, size)),
            *(begin, bias, strip, False),
        )


@compiled
def _pack_left(A, at, strides, rows, depth, left):
    """Copy a part of the left factor; return the stride of the sum in the copy."""
    if strides.a_sum == 1:
        for m in range(rows):
            copy(A, at + m * strides.a_row, left, m * DEPTH, depth)
        return 1
    for k in range(depth):
        copy(A, at + k * strides.a_sum, left, k * BLOCK_ROWS, rows)
    return BLOCK_ROWS


@compiled
def _pack_right(B, at, strides, columns, depth, right):
    """Copy a part of the right factor, row after row of the sum."""
    if strides.b_column == 1:
        for k in range(depth):
            copy(B, at + k * strides.b_sum, right, k * STRIP, columns)
    else:
        transpose(B, at, strides.b_column, columns, depth, right, 0, STRIP)
