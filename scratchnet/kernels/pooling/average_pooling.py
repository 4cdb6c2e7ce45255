"""Average pooling: y is the mean of each window's pixels that lie inside of x.

    y[n, oh, ow, c] = 1/count · ∑_{kh, kw} x[n, h, w, c]

with ``count`` the number of pixels inside, as in TensorFlow.

The gradient. ∂y/∂x is 1/count for each of those pixels, so each takes dy/count from
every window that it lies in.
"""

import numpy as np
from numba import prange

from scratchnet.kernels.convolution.windows import pad, positions
from scratchnet.kernels.machine.compile import parallel


def average_pooling_forward_reference(x, y, pool_size, strides, pads):
    """Compute y = mean over each window.

    What limits this rung: it copies x to pad it, and walks through y once per
    position in a window.

    Shapes: x (N, H, W, C), y (N, OH, OW, C).

    Args:
        x: images.
        y: written.
        pool_size: rows and columns of a window.
        strides: rows and columns between windows, each at least 1.
        pads: rows above and columns left of x that do not take part.
    """
    plane = y.shape[1:3]
    padded = pad(x, plane, pool_size, strides, pads)
    y[...] = 0
    for pixels in positions(plane, pool_size, strides):
        y += padded[pixels]
    y /= _count(x, plane, pool_size, strides, pads)


def average_pooling_backward_reference(dy, dx, pool_size, strides, pads):
    """Add dy/count to every pixel of its window.

    What limits this rung: a padded copy of dx, and a walk through dy for each
    position in a window.

    Shapes: dy (N, OH, OW, C), dx (N, H, W, C).

    Args:
        dy: gradient of the loss with respect to y.
        dx: written.
        pool_size: rows and columns of a window.
        strides: rows and columns between windows.
        pads: rows above and columns left of x that do not take part.
    """
    plane = dy.shape[1:3]
    H, W = dx.shape[1:3]
    d_padded = pad(np.zeros_like(dx), plane, pool_size, strides, pads)
    share = dy / _count(dx, plane, pool_size, strides, pads)
    for pixels in positions(plane, pool_size, strides):
        d_padded[pixels] += share
    dx[...] = d_padded[:, pads[0] : pads[0] + H, pads[1] : pads[1] + W]


def _count(x, plane, pool_size, strides, pads):
    """Return, per window, how many of its pixels lie inside: (1, OH, OW, 1)."""
    inside = pad(
        np.ones((1, *x.shape[1:3], 1), x.dtype), plane, pool_size, strides, pads, 0
    )
    return sum(inside[pixels] for pixels in positions(plane, pool_size, strides))


@parallel
def average_pooling_forward_loops(x, y, pool_size, strides, pads):
    """Compute y = mean over each window.

    Against `reference`: no copies, images spread over threads, channels innermost,
    and the count from the window's bounds. What limits this rung: memory.

    Shapes and arguments as in `average_pooling_forward_reference`.
    """
    N, H, W, C = x.shape
    _, OH, OW, _ = y.shape
    for n in prange(N):
        for oh in range(OH):
            top = oh * strides[0] - pads[0]
            first_row, last_row = max(0, top), min(H, top + pool_size[0])
            for ow in range(OW):
                left = ow * strides[1] - pads[1]
                first_column, last_column = max(0, left), min(W, left + pool_size[1])
                total = y[n, oh, ow]
                for c in range(C):
                    total[c] = 0
                for h in range(first_row, last_row):
                    for w in range(first_column, last_column):
                        pixel = x[n, h, w]
                        for c in range(C):
                            total[c] += pixel[c]
                count = (last_row - first_row) * (last_column - first_column)
                for c in range(C):
                    total[c] /= count


@parallel
def average_pooling_backward_loops(dy, dx, pool_size, strides, pads):
    """Add dy/count to every pixel of its window.

    Against `reference`: no copies, images spread over threads, channels innermost.
    What limits this rung: memory.

    Shapes and arguments as in `average_pooling_backward_reference`.
    """
    N, H, W, C = dx.shape
    _, OH, OW, _ = dy.shape
    for n in prange(N):
        share = np.empty(C, dy.dtype)
        dx[n] = 0
        for oh in range(OH):
            top = oh * strides[0] - pads[0]
            first_row, last_row = max(0, top), min(H, top + pool_size[0])
            for ow in range(OW):
                left = ow * strides[1] - pads[1]
                first_column, last_column = max(0, left), min(W, left + pool_size[1])
                count = (last_row - first_row) * (last_column - first_column)
                for c in range(C):
                    share[c] = dy[n, oh, ow, c] / count
                for h in range(first_row, last_row):
                    for w in range(first_column, last_column):
                        d_pixel = dx[n, h, w]
                        for c in range(C):
                            d_pixel[c] += share[c]
