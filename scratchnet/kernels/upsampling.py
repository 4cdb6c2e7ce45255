"""Upsampling: images made larger by a whole factor, rows and columns apart.

Nearest: every pixel becomes a block of SH × SW equal ones, and so its gradient is the
sum over the block.

    y[n, i, j, c] = x[n, ⌊i / SH⌋, ⌊j / SW⌋, c]

Bilinear: between the four pixels around it, in proportion to the distances. Centres of
pixels lie at ½, so that the row i of y is at h = (i + ½) / SH − ½ in x; outside of the
outermost centres the outermost pixels count.

    y[n, i, j, c] = ∑_{h, w} R[i, h] · S[j, w] · x[n, h, w, c]
    dx[n, h, w, c] = ∑_{i, j} R[i, h] · S[j, w] · dy[n, i, j, c]

with R[i, h] = max(0, 1 − |h − (i + ½) / SH + ½|) for h between, and S likewise.
"""

import functools

import numpy as np
from numba import prange

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import parallel


def upsampling_forward_reference(x, y, size):
    """Repeat rows and columns.

    What limits this rung: two copies, on one thread.

    Shapes: x (N, H, W, C), y (N, H·SH, W·SW, C).

    Args:
        x: images.
        y: written.
        size: SH and SW, each at least 1.
    """
    y[...] = np.repeat(np.repeat(x, size[0], axis=1), size[1], axis=2)


def upsampling_backward_reference(dy, dx, size):
    """Add up the gradients of each pixel's block.

    What limits this rung: short sums over axes that lie far apart, on one thread.

    Shapes: dy (N, H·SH, W·SW, C), dx (N, H, W, C).

    Args:
        dy: gradient of the loss with respect to y.
        dx: written.
        size: SH and SW.
    """
    N, H, W, C = dx.shape
    dx[...] = dy.reshape(N, H, size[0], W, size[1], C).sum(axis=(2, 4))


@parallel
def upsampling_forward_loops(x, y, size):
    """Repeat rows and columns.

    Against `reference`: one pass, images spread over threads. What limits this rung:
    memory.

    Shapes and arguments as in `upsampling_forward_reference`.
    """
    N, H, W, C = x.shape
    for n in prange(N):
        for i in range(H * size[0]):
            for w in range(W):
                pixel = x[n, i // size[0], w]
                for j in range(w * size[1], (w + 1) * size[1]):
                    copy = y[n, i, j]
                    for c in range(C):
                        copy[c] = pixel[c]


@parallel
def upsampling_backward_loops(dy, dx, size):
    """Add up the gradients of each pixel's block.

    Against `reference`: one pass, images spread over threads, channels innermost. What
    limits this rung: memory.

    Shapes and arguments as in `upsampling_backward_reference`.
    """
    N, H, W, C = dx.shape
    for n in prange(N):
        for h in range(H):
            for w in range(W):
                total = dx[n, h, w]
                for c in range(C):
                    total[c] = 0
                for i in range(h * size[0], (h + 1) * size[0]):
                    for j in range(w * size[1], (w + 1) * size[1]):
                        part = dy[n, i, j]
                        for c in range(C):
                            total[c] += part[c]


def bilinear_forward_reference(x, y, size):
    """Interpolate between pixels: R · x · Sᵀ, image by image.

    What limits this rung: matrices that are mostly 0.

    Shapes and arguments as in `upsampling_forward_reference`.
    """
    R, S = (_matrix(x.shape[axis + 1], size[axis], x.dtype) for axis in (0, 1))
    y[...] = np.einsum("ih,nhjc->nijc", R, np.einsum("jw,nhwc->nhjc", S, x))


def bilinear_backward_reference(dy, dx, size):
    """Hand every gradient to the pixels that it is between: Rᵀ · dy · S.

    What limits this rung: matrices that are mostly 0.

    Shapes and arguments as in `upsampling_backward_reference`.
    """
    R, S = (_matrix(dx.shape[axis + 1], size[axis], dx.dtype) for axis in (0, 1))
    dx[...] = np.einsum("ih,nijc->nhjc", R, np.einsum("jw,nijc->niwc", S, dy))


def bilinear_forward_loops(x, y, size):
    """Interpolate between four pixels.

    Against `reference`: one pass over y, images spread over threads; the neighbours
    and their shares come from a table for rows, and one for columns. What limits this
    rung: four pixels are read for one that is written.

    Shapes and arguments as in `upsampling_forward_reference`.
    """
    _bilinear_forward(x, y, *_tables(x, size))


def bilinear_backward_loops(dy, dx, size):
    """Hand every gradient to the four pixels that it is between.

    Against `reference`: one pass over dy, images spread over threads. What limits this
    rung: four pixels are read and written for one that is read.

    Shapes and arguments as in `upsampling_backward_reference`.
    """
    _bilinear_backward(dy, dx, *_tables(dx, size))


@parallel
def _bilinear_forward(x, y, rows, row_shares, columns, column_shares):
    N, OH, OW, C = y.shape
    for n in prange(N):
        for i in range(OH):
            for j in range(OW):
                total = y[n, i, j]
                for c in range(C):
                    total[c] = 0
                for a in range(2):
                    for b in range(2):
                        share = row_shares[i, a] * column_shares[j, b]
                        pixel = x[n, rows[i, a], columns[j, b]]
                        for c in range(C):
                            total[c] += share * pixel[c]


@parallel
def _bilinear_backward(dy, dx, rows, row_shares, columns, column_shares):
    N, OH, OW, C = dy.shape
    for n in prange(N):
        dx[n] = 0
        for i in range(OH):
            for j in range(OW):
                part = dy[n, i, j]
                for a in range(2):
                    for b in range(2):
                        share = row_shares[i, a] * column_shares[j, b]
                        total = dx[n, rows[i, a], columns[j, b]]
                        for c in range(C):
                            total[c] += share * part[c]


def _tables(x, size):
    rows = _neighbours(x.shape[1], size[0], x.dtype)
    return *rows, *_neighbours(x.shape[2], size[1], x.dtype)


@functools.lru_cache(maxsize=64)
def _neighbours(length, factor, dtype):
    """Return, for each row of y, the two rows of x around it, and their shares."""
    at = (np.arange(length * factor) + 0.5) / factor - 0.5
    before = np.floor(at)
    neighbours = np.clip(np.stack([before, before + 1], axis=1), 0, length - 1)
    shares = np.stack([1 - (at - before), at - before], axis=1)
    return neighbours.astype(np.intp), shares.astype(dtype)


def _matrix(length, factor, dtype):
    """Return the share of each row of x in each of y's, as a matrix."""
    neighbours, shares = _neighbours(length, factor, dtype)
    matrix = np.zeros((length * factor, length), dtype)
    for which in (0, 1):
        np.add.at(
            matrix, (np.arange(len(matrix)), neighbours[:, which]), shares[:, which]
        )
    return matrix


upsampling_forward = ladder(upsampling_forward_reference, upsampling_forward_loops)
upsampling_backward = ladder(upsampling_backward_reference, upsampling_backward_loops)
bilinear_forward = ladder(bilinear_forward_reference, bilinear_forward_loops)
bilinear_backward = ladder(bilinear_backward_reference, bilinear_backward_loops)
