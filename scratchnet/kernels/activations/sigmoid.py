"""The logistic function: y = 1/(1 + e⁻ˣ).

With e = e^(−|x|), which is at most 1 and so can't overflow, y = 1/(1 + e) for x ≥ 0
and e/(1 + e) below.

The gradient. dy/dx = e⁻ˣ/(1 + e⁻ˣ)² = y·(1 − y), so dx = dy·y·(1 − y).
"""

import numpy as np
from numba import prange

from scratchnet.kernels.machine.compile import compiled, parallel
from scratchnet.kernels.machine.exponential import exp

# Elements handed to a thread at once; fewer are not worth waking one for.
CHUNK = 1 << 12


def sigmoid_forward_reference(x, y):
    """Compute y = 1/(1 + e⁻ˣ).

    What limits this rung: one thread, and a temporary per operator.

    Shapes: x, y (size,).

    Args:
        x: any values.
        y: written; may be x.
    """
    e = np.exp(-np.abs(x))
    y[...] = np.where(x >= 0, 1, e) / (1 + e)


def sigmoid_backward_reference(y, dy, dx):
    """Compute dx = dy·y·(1 − y).

    What limits this rung: one thread, and a temporary per operator.

    Shapes: y, dy, dx (size,).

    Args:
        y: what forward wrote.
        dy: gradient of the loss with respect to y.
        dx: written; may be dy.
    """
    dx[...] = dy * (y * (1 - y))


@compiled
def _forward(x, y):
    for i in range(x.size):
        e = exp(-abs(x[i]))
        one = type(e)(1)
        y[i] = (one if x[i] >= 0 else e) / (one + e)


@parallel
def sigmoid_forward_loops(x, y):
    """Compute y = 1/(1 + e⁻ˣ).

    Against `reference`: chunks spread over threads, no temporaries. What limits this
    rung: the exponential's arithmetic, and a division.

    Shapes and arguments as in `sigmoid_forward_reference`.
    """
    if x.size <= CHUNK:
        _forward(x, y)
    else:
        for chunk in prange((x.size + CHUNK - 1) // CHUNK):
            first = np.intp(chunk) * CHUNK
            _forward(x[first : first + CHUNK], y[first : first + CHUNK])


@compiled
def _backward(y, dy, dx):
    for i in range(y.size):
        dx[i] = dy[i] * (y[i] * (1 - y[i]))


@parallel
def sigmoid_backward_loops(y, dy, dx):
    """Compute dx = dy·y·(1 − y).

    Against `reference`: chunks spread over threads, no temporaries. What limits this
    rung: memory.

    Shapes and arguments as in `sigmoid_backward_reference`.
    """
    if y.size <= CHUNK:
        _backward(y, dy, dx)
    else:
        for chunk in prange((y.size + CHUNK - 1) // CHUNK):
            first = np.intp(chunk) * CHUNK
            last = first + CHUNK
            _backward(y[first:last], dy[first:last], dx[first:last])
