"""Dense, rung 3: the register tile that `convolution.direct` is made of.

Against `blas`, which may be faster: no second set of threads waits for the same cores,
and the order of every sum depends on shapes alone, so that any number of threads gives
the same bits, and a sample's result does not depend on the batch.

The result is cut into blocks, one task each, and a block into strips of columns and
panels of rows. Its sum is taken a part at a time, so that what is read of both factors
stays in the caches. A factor is read where it lies, unless a copy is better: where it
is needed transposed, and where it is so large that its rows would push each other out
of the cache. A block is one strip, whose copy of the right factor then serves all its
rows; or, where the left factor is copied, one panel, whose copy serves all its strips.

How large blocks are decides who computes what, not in which order anything is summed.

    forward          x · weight          samples × outputs, summed over inputs
    weight gradient  xᵀ · dy             inputs × outputs, summed over samples
    input gradient   dy · weightᵀ        samples × inputs, summed over outputs

What limits this rung: for the layers of small networks, what it takes to begin and to
end a pass on all threads.

Reference: Goto and van de Geijn (2008), "Anatomy of high-performance matrix
multiplication", on packing.
"""

from typing import NamedTuple

import numpy as np

from scratchnet.kernels.machine.compile import compiled, compiled_once
from scratchnet.kernels.machine.products import WIDE_ROWS, add_rows, clear, product
from scratchnet.kernels.machine.simd import copy, transpose
from scratchnet.kernels.machine.tile import ADD, BIAS, ZERO, Left, Result, Right, Sums
from scratchnet.kernels.machine.workers import launch, take, workers

# The rows of a panel, the columns of a strip, and how much of a sum is taken at a time.
PANEL, STRIP, DEPTH = 96, 64, 256

# Elements of a right factor that stays in the second-level cache, and isn't copied.
FITS = 1 << 17

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
    """

    A: np.ndarray
    B: np.ndarray
    C: np.ndarray
    bias: np.ndarray
    sums: np.ndarray


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
    matrices = Matrices(
        A.reshape(-1),
        B.reshape(-1),
        C.reshape(-1),
        nothing if bias is None else bias,
        nothing if sums is None else sums,
    )
    count = 1 if rows * columns * length < SMALL else workers()
    block = _block(rows, columns, count, by_panels=strides.a_sum != 1)
    launch(_blocks, count, matrices, strides, Sizes(*shape, *block))


def _block(rows, columns, workers, *, by_panels):
    """Return how many rows and columns a block has, so that all workers have one."""
    width, down = (columns, -(-rows // PANEL)) if by_panels else (STRIP, 1)
    across = -(-columns // width)
    while across * down % workers and across * down < 4 * workers:
        down += 1
    return -(-rows // (down * WIDE_ROWS)) * WIDE_ROWS, width


@compiled
def _blocks(worker, waiting, matrices, strides, sizes):
    """Compute blocks of C until none is left; blocks of one strip are neighbours."""
    matrices, strides, sizes = Matrices(*matrices), Strides(*strides), Sizes(*sizes)
    A, B = matrices.A, matrices.B
    copies = (
        np.empty(PANEL * DEPTH if strides.a_sum != 1 else 0, A.dtype),
        np.empty(STRIP * DEPTH if is_copied(B, strides) else 0, B.dtype),
    )
    rows = row_offsets(1), row_offsets(strides.a_row), row_offsets(sizes.columns)
    down = (sizes.rows + sizes.block_rows - 1) // sizes.block_rows
    across = (sizes.columns + sizes.block_columns - 1) // sizes.block_columns
    task = take(waiting, worker, down * across)
    while task < down * across:
        row, column = task % down * sizes.block_rows, task // down * sizes.block_columns
        last_row = min(sizes.rows, row + sizes.block_rows)
        last_column = min(sizes.columns, column + sizes.block_columns)
        block = row, last_row, column, last_column
        compute_block(matrices, strides, sizes, block, copies, rows)
        task = take(waiting, worker, down * across)


@compiled_once
def compute_block(matrices, strides, sizes, block, copies, rows):
    """Compute a block of C, and the sums of its columns of B if it is an upper one."""
    row, _, column, last_column = block
    if len(matrices.sums) > 0 and row == 0:
        own = matrices.sums[column:last_column]
        clear(own, 0, len(own))
        columns = Right(matrices.B, column, (0, strides.b_sum))
        add_rows(columns, (1, sizes.length), own)
    for k in range(0, sizes.length, DEPTH):
        _add_part(matrices, strides, sizes, block, k, copies, rows)


@compiled_once
def _add_part(matrices, strides, sizes, block, k, copies, rows):
    """Add a part of the sum, from k on, to a block; the first one begins it."""
    A, B, C, bias = matrices.A, matrices.B, matrices.C, matrices.bias
    first_row, last_row, first, last = block
    own, a_rows, c_rows = rows
    left, right = copies
    depth = min(DEPTH, sizes.length - k)
    begin = ADD if k > 0 else BIAS if len(bias) > 0 else ZERO
    for strip in range(first, last, STRIP):
        width = min(STRIP, last - strip)
        b = strip * strides.b_column + k * strides.b_sum
        factor_b, b_step = B, strides.b_sum
        if len(right) > 0:
            _copy_right(B, b, strides, width, depth, right)
            factor_b, b, b_step = right, 0, STRIP
        for row in range(first_row, last_row, PANEL):
            height = min(PANEL, last_row - row)
            a = row * strides.a_row + k * strides.a_sum
            factor_a, factor_rows, a_step = A, a_rows, 1
            if len(left) > 0:
                if strip == first:  # the block is this panel
                    _copy_left(A, a, strides, height, depth, left)
                factor_a, a, factor_rows, a_step = left, 0, own, PANEL
            product(
                Left(factor_a, a, factor_rows, (0, a_step)),
                Right(factor_b, b, (0, b_step)),
                Result(C, row * sizes.columns + strip, c_rows, (height, width)),
                Sums((1, depth), begin, bias, strip, False),
            )


@compiled
def is_copied(B, strides):
    """Tell whether strips of the right factor are copied before they are read."""
    return strides.b_column != 1 or len(B) > FITS


@compiled
def row_offsets(stride):
    """Return where the rows of a panel begin."""
    rows = np.empty(PANEL, np.int64)
    for m in range(PANEL):
        rows[m] = m * stride
    return rows


@compiled_once
def _copy_left(A, at, strides, rows, depth, left):
    """Copy part of a panel of a factor that lies transposed, and leave it so."""
    for k in range(depth):
        copy(A, at + k * strides.a_sum, left, k * PANEL, rows)


@compiled_once
def _copy_right(B, at, strides, columns, depth, right):
    """Copy part of a strip, row after row of the sum."""
    if strides.b_column == 1:
        for k in range(depth):
            copy(B, at + k * strides.b_sum, right, k * STRIP, columns)
    else:
        transpose(B, at, strides.b_column, columns, depth, right, 0, STRIP)
