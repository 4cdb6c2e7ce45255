"""The largest of all pixels, for each channel.

    y[n, c] = max over p of x[n, p, c]

The gradient. Of the pixels that are the largest, each gets an equal share, as from
Keras's `GlobalMaxPooling2D`:

    dx[n, p, c] = dy[n, c] / (how many are the largest) where x = y, else 0
"""

import numpy as np
from numba import prange

from scratchnet.kernels.machine.compile import compiled, parallel


def global_max_pooling_forward_reference(x, y):
    """Compute y[n, c] = max over p of x[n, p, c].

    What limits this rung: one thread.

    Shapes: x (N, P, C); y (N, C).

    Args:
        x: pixels.
        y: written.
    """
    x.max(axis=1, out=y)


def global_max_pooling_backward_reference(x, y, dy, dx):
    """Share each gradient out among the largest pixels.

    What limits this rung: one thread, and a temporary per operator.

    Shapes: x, dx (N, P, C); y, dy (N, C).

    Args:
        x: what forward read.
        y: what forward wrote.
        dy: gradient of the loss with respect to y.
        dx: written.
    """
    largest = x == y[:, None]
    shares = dy / np.maximum(largest.sum(axis=1), 1).astype(dy.dtype)
    dx[...] = np.where(largest, shares[:, None], 0)


@compiled
def _forward(x, y):
    P, C = x.shape
    for c in range(C):
        y[c] = x[0, c]
    for p in range(1, P):
        for c in range(C):
            value = x[p, c]
            y[c] = y[c] if value <= y[c] or y[c] != y[c] else value  # NaN stays


@parallel
def global_max_pooling_forward_loops(x, y):
    """Compute y[n, c] = max over p of x[n, p, c].

    Against `reference`: images spread over threads. What limits this rung: memory.

    Shapes and arguments as in `global_max_pooling_forward_reference`.
    """
    for n in prange(len(x)):
        _forward(x[n], y[n])


@compiled
def _backward(x, y, dy, dx):
    P, C = x.shape
    counts = np.zeros(C, x.dtype)
    for p in range(P):
        for c in range(C):
            counts[c] += x.dtype.type(x[p, c] == y[c])
    for c in range(C):
        counts[c] = dy[c] / max(counts[c], x.dtype.type(1))
    for p in range(P):
        for c in range(C):
            dx[p, c] = counts[c] if x[p, c] == y[c] else 0


@parallel
def global_max_pooling_backward_loops(x, y, dy, dx):
    """Share each gradient out among the largest pixels.

    Against `reference`: images spread over threads, no temporaries. What limits this
    rung: memory.

    Shapes and arguments as in `global_max_pooling_backward_reference`.
    """
    for n in prange(len(x)):
        _backward(x[n], y[n], dy[n], dx[n])
