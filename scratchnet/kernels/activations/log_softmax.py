"""The logarithm of softmax: y[c] = x[c] − log ∑_k e^x[k], row by row.

With the largest x of the row subtracted first, as in `softmax`.

The gradient. ∂y[k]/∂x[c] = [k = c] − e^y[c]; summed over k against dy:

    dx[c] = dy[c] − e^y[c] · ∑_k dy[k]
"""

import math

import numpy as np
from numba import prange

from scratchnet.kernels.activations.softmax import CHUNK
from scratchnet.kernels.machine.compile import compiled, parallel
from scratchnet.kernels.machine.exponential import exp


def log_softmax_forward_reference(x, y):
    """Compute y = log softmax of every row.

    What limits this rung: a temporary per operator.

    Shapes: x, y (N, C).

    Args:
        x: logits.
        y: written; may be x.
    """
    below = x - x.max(axis=1, keepdims=True)
    y[...] = below - np.log(np.exp(below).sum(axis=1, keepdims=True))


def log_softmax_backward_reference(y, dy, dx):
    """Compute dx = dy − e^y·∑ dy, row by row.

    What limits this rung: a temporary per operator.

    Shapes: y, dy, dx (N, C).

    Args:
        y: what forward wrote.
        dy: gradient of the loss with respect to y.
        dx: written; may be dy.
    """
    dx[...] = dy - np.exp(y) * dy.sum(axis=1, keepdims=True)


@compiled
def _forward(x, y):
    N, C = x.shape
    for n in range(N):
        largest = x[n, 0]
        for c in range(1, C):
            largest = max(largest, x[n, c])
        total = 0.0
        for c in range(C):
            total += exp(x[n, c] - largest)
        shift = math.log(total)
        for c in range(C):
            y[n, c] = (x[n, c] - largest) - shift


@parallel
def log_softmax_forward_loops(x, y):
    """Compute y = log softmax of every row.

    Against `reference`: three walks over a row, no temporaries, sums in float64; rows
    spread over threads. What limits this rung: exponentials, a number at a time.

    Shapes and arguments as in `log_softmax_forward_reference`.
    """
    rows = max(1, CHUNK // x.shape[1])
    if len(x) <= rows:
        _forward(x, y)
    else:
        for chunk in prange((len(x) + rows - 1) // rows):
            first = np.intp(chunk) * rows
            _forward(x[first : first + rows], y[first : first + rows])


@compiled
def log_softmax_backward_loops(y, dy, dx):
    """Compute dx = dy − e^y·∑ dy, row by row.

    Against `reference`: two walks over a row, no temporaries. What limits this rung:
    one thread.

    Shapes and arguments as in `log_softmax_backward_reference`.
    """
    N, C = y.shape
    for n in range(N):
        total = 0.0
        for c in range(C):
            total += dy[n, c]
        for c in range(C):
            dx[n, c] = dy[n, c] - exp(y[n, c]) * total
