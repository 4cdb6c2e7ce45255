"""How a convolution is cut into tasks, for the rungs that do so: sizes and offsets.

Forward, and for the input's gradient, a task is an image or a few. The weights'
gradients are sums over all images, so there the batch is cut into chunks, a task each,
that sum into arrays of their own; then the chunks are added in order. Chunks depend on
shapes alone: any number of threads gives the same bits.
"""

import functools
from typing import NamedTuple

import numpy as np
from numba import prange

from scratchnet.foundation import workspace
from scratchnet.kernels.machine.compile import compiled, parallel

# Images are cut into at most this many chunks with a d_weight of their own. More
# would occupy more cores, and take more memory.
CHUNKS = 8

# Elements of d_weight that a thread adds up at once.
BLOCK = 1 << 12


class Geometry(NamedTuple):
    """Sizes of a convolution; ``top`` and ``left`` are rows and columns of padding."""

    N: int
    H: int
    W: int
    C: int
    KH: int
    KW: int
    CO: int
    OH: int
    OW: int
    SH: int
    SW: int
    top: int
    left: int


def geometry(x_shape, weight_shape, z_shape, strides, pads):
    """Return the sizes of a convolution from x to z."""
    KH, KW, _, CO = weight_shape
    return Geometry(*x_shape, KH, KW, CO, *z_shape[1:3], *strides, *pads)


def scratch(name, shape, dtype):
    """Return an array to work in, which the next call of this name may overwrite."""
    return workspace.empty("convolution", name, shape, dtype)


@parallel
def add_chunks(d_weights, d_biases, d_weight, d_bias):
    """Write the sums over the chunks, in order."""
    for block in prange((len(d_weight) + BLOCK - 1) // BLOCK):
        first = np.intp(block) * BLOCK
        _add_block(d_weights, first, min(len(d_weight), first + BLOCK), d_weight)
    _add_block(d_biases, 0, len(d_bias), d_bias)


@compiled
def _add_block(partial, first, last, total):
    for chunk in range(len(partial)):
        own = partial[chunk]
        for i in range(first, last):
            total[i] = own[i] if chunk == 0 else total[i] + own[i]


# Tables of offsets. They depend on shapes alone and are kept.


@functools.lru_cache(maxsize=256)
def pixel_offsets(rows, columns, row_stride, column_stride):
    """Return the offset of each pixel of a plane, row by row."""
    table = (
        np.arange(rows)[:, np.newaxis] * row_stride + np.arange(columns) * column_stride
    )
    return np.ascontiguousarray(table.reshape(-1), np.int64)


def offsets(count, stride):
    """Return the offsets of rows that lie one after the other."""
    return pixel_offsets(1, count, 0, stride)
