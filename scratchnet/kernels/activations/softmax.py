"""Softmax: y[c] = e^x[c] / ∑_k e^x[k], row by row.

The largest x of the row is subtracted first. That changes nothing, since numerator
and denominator lose the same factor, and no exponential can overflow.

The gradient. ∂y[k]/∂x[c] = y[k]·([k = c] − y[c]); summed over k against dy:

    dx[c] = y[c] · (dy[c] − ∑_k dy[k]·y[k])

Reference: Goodfellow, Bengio & Courville (2016), "Deep Learning", section 4.1.
"""

import math

import numpy as np

from scratchnet.kernels.compile import compiled


def softmax_forward_reference(x, y):
    """Compute y = softmax of every row.

    What limits this rung: a temporary per operator.

    Shapes: x, y (N, C).

    Args:
        x: logits.
        y: written; rows of probabilities; may be x.
    """
    exponentials = np.exp(x - x.max(axis=1, keepdims=True))
    y[...] = exponentials / exponentials.sum(axis=1, keepdims=True)


def softmax_backward_reference(y, dy, dx):
    """Compute dx = y·(dy − ∑ dy·y), row by row.

    What limits this rung: a temporary per operator.

    Shapes: y, dy, dx (N, C).

    Args:
        y: what forward wrote.
        dy: gradient of the loss with respect to y.
        dx: written; may be dy.
    """
    dx[...] = y * (dy - (dy * y).sum(axis=1, keepdims=True))


@compiled
def softmax_forward_loops(x, y):
    """Compute y = softmax of every row.

    Against `reference`: three walks over a row that lies in the first-level cache, no
    temporaries. On one thread: N·C is small next to everything before it. What limits
    this rung: an exponential at a time.

    Shapes and arguments as in `softmax_forward_reference`.
    """
    N, C = x.shape
    for n in range(N):
        largest = x[n, 0]
        for c in range(1, C):
            largest = max(largest, x[n, c])
        total = 0.0
        for c in range(C):
            y[n, c] = math.exp(x[n, c] - largest)
            total += y[n, c]
        for c in range(C):
            y[n, c] /= total


@compiled
def softmax_backward_loops(y, dy, dx):
    """Compute dx = y·(dy − ∑ dy·y), row by row.

    Against `reference`: two walks over a row, no temporaries. What limits this rung:
    one thread.

    Shapes and arguments as in `softmax_backward_reference`.
    """
    N, C = y.shape
    for n in range(N):
        total = 0.0
        for c in range(C):
            total += dy[n, c] * y[n, c]
        for c in range(C):
            dx[n, c] = y[n, c] * (dy[n, c] - total)
