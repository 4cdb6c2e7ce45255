"""Max pooling: y is the largest pixel of each window.

    y[n, oh, ow, c] = max_{kh, kw} x[n, h, w, c]

The gradient. A small change of a pixel changes y only if the pixel is the maximum,
and then one for one: dy goes to that pixel and nobody else. Where several pixels are
equally large, the first of them in row-major order takes all. Windows that overlap
add up. A NaN makes its windows NaN, and those pass no gradient on.
"""

import numpy as np
from numba import prange

from scratchnet.kernels.convolution.windows import pad, positions
from scratchnet.kernels.machine.compile import parallel


def max_pooling_forward_reference(x, y, pool_size, strides, pads):
    """Compute y = max over each window.

    One strided slice per position in a window. What limits this rung: it copies x to
    pad it, and stacks all slices.

    Shapes: x (N, H, W, C), y (N, OH, OW, C).

    Args:
        x: images.
        y: written.
        pool_size: rows and columns of a window.
        strides: rows and columns between windows, each at least 1.
        pads: rows above and columns left of x that do not take part.
    """
    plane = y.shape[1:3]
    padded = pad(x, plane, pool_size, strides, pads, -np.inf)
    windows = [padded[pixels] for pixels in positions(plane, pool_size, strides)]
    y[...] = np.max(np.stack(windows), axis=0)


def max_pooling_backward_reference(x, y, dy, dx, pool_size, strides, pads):
    """Add dy to the first maximum of its window.

    What limits this rung: it copies x to pad it, and walks through y once per
    position in a window.

    Shapes: x, dx (N, H, W, C); y, dy (N, OH, OW, C).

    Args:
        x: what forward read.
        y: what forward wrote; the maximum is found again by comparing with it.
        dy: gradient of the loss with respect to y.
        dx: written.
        pool_size: rows and columns of a window.
        strides: rows and columns between windows.
        pads: rows above and columns left of x that do not take part.
    """
    plane = y.shape[1:3]
    H, W = x.shape[1:3]
    padded = pad(x, plane, pool_size, strides, pads, np.nan)
    d_padded = np.zeros_like(padded)
    searching = np.ones(y.shape, bool)
    for pixels in positions(plane, pool_size, strides):
        found = searching & (padded[pixels] == y)
        d_padded[pixels] += np.where(found, dy, 0)
        searching &= ~found
    dx[...] = d_padded[:, pads[0] : pads[0] + H, pads[1] : pads[1] + W]


@parallel
def max_pooling_forward_loops(x, y, pool_size, strides, pads):
    """Compute y = max over each window.

    Against `reference`: no copies, images spread over threads, channels innermost.
    What limits this rung: x is read from memory, where the convolution before it
    has just written it.

    Shapes and arguments as in `max_pooling_forward_reference`.
    """
    N, H, W, C = x.shape
    _, OH, OW, _ = y.shape
    for n in prange(N):
        for oh in range(OH):
            top = oh * strides[0] - pads[0]
            for ow in range(OW):
                left = ow * strides[1] - pads[1]
                largest = y[n, oh, ow]
                for c in range(C):
                    largest[c] = -np.inf
                for h in range(max(0, top), min(H, top + pool_size[0])):
                    for w in range(max(0, left), min(W, left + pool_size[1])):
                        pixel = x[n, h, w]
                        for c in range(C):
                            known, value = largest[c], pixel[c]
                            # NaN is taken, for it is not ≤ anything, and then kept.
                            kept = value <= known or known != known
                            largest[c] = known if kept else value


@parallel
def max_pooling_backward_loops(x, y, dy, dx, pool_size, strides, pads):
    """Add dy to the first maximum of its window.

    Against `reference`: no copies, images spread over threads, channels innermost.
    A channel's gradient waits in ``waiting`` until a pixel equals the maximum, and
    is 0 from then on, so that the loop over channels has no branch. What limits this
    rung: memory, for three arrays are read and one is written.

    Shapes and arguments as in `max_pooling_backward_reference`.
    """
    N, H, W, C = x.shape
    _, OH, OW, _ = y.shape
    for n in prange(N):
        waiting = np.empty(C, dy.dtype)
        dx[n] = 0
        for oh in range(OH):
            top = oh * strides[0] - pads[0]
            for ow in range(OW):
                left = ow * strides[1] - pads[1]
                largest = y[n, oh, ow]
                for c in range(C):
                    waiting[c] = dy[n, oh, ow, c]
                for h in range(max(0, top), min(H, top + pool_size[0])):
                    for w in range(max(0, left), min(W, left + pool_size[1])):
                        pixel = x[n, h, w]
                        d_pixel = dx[n, h, w]
                        for c in range(C):
                            found = pixel[c] == largest[c]
                            d_pixel[c] += waiting[c] if found else 0
                            waiting[c] = 0 if found else waiting[c]
