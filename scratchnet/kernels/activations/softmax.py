"""Softmax: y[c] = e^x[c] / ∑_k e^x[k], row by row.

The largest x of the row is subtracted first. That changes nothing, since numerator
and denominator lose the same factor, and no exponential can overflow.

The gradient. ∂y[k]/∂x[c] = y[k]·([k = c] − y[c]); summed over k against dy:

    dx[c] = y[c] · (dy[c] − ∑_k dy[k]·y[k])

Reference: Goodfellow, Bengio & Courville (2016), "Deep Learning", section 4.1.
"""

import numpy as np
from numba import prange

from scratchnet.kernels.machine.compile import compiled, compiled_once, parallel
from scratchnet.kernels.machine.exponential import exp

# Elements handed to a thread at once; fewer are not worth waking one for.
CHUNK = 1 << 13


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


@compiled_once
def softmax_rows(x, y, largest, totals):
    """Write the softmax of rows.

    Shapes: x, y (N, C); largest, totals (N,).

    Args:
        x: logits.
        y: written; may be x.
        largest: written; the largest x of each row.
        totals: written; ∑ e^(x − largest) of each row.
    """
    N, C = x.shape
    for n in range(N):
        largest[n] = x[n, 0]
        for c in range(1, C):
            largest[n] = max(largest[n], x[n, c])
        for c in range(C):
            y[n, c] = x[n, c] - largest[n]
    # One loop over all rows, without a sum, for the compiler to take whole vectors.
    exponentials = y.reshape(-1)
    for i in range(len(exponentials)):
        exponentials[i] = exp(exponentials[i])
    for n in range(N):
        total = 0.0
        for c in range(C):
            total += y[n, c]
        totals[n] = total
        for c in range(C):
            y[n, c] /= total


@compiled
def _forward(x, y):
    softmax_rows(x, y, np.empty(len(x), x.dtype), np.empty(len(x)))


@parallel
def softmax_forward_loops(x, y):
    """Compute y = softmax of every row.

    Against `reference`: a few walks over rows that lie in the first-level cache, no
    temporaries, sums in float64; rows spread over threads. What limits this rung: the
    largest of a row and its sum, a number at a time.

    Shapes and arguments as in `softmax_forward_reference`.
    """
    rows = max(1, CHUNK // x.shape[1])
    if len(x) <= rows:
        _forward(x, y)
    else:
        for chunk in prange((len(x) + rows - 1) // rows):
            first = np.intp(chunk) * rows
            _forward(x[first : first + rows], y[first : first + rows])


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
