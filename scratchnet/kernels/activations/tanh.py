"""The hyperbolic tangent: y = (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ).

With e = e^(−2|x|) − 1, which can't overflow and is exact where x is small,
y = −e/(2 + e) for x ≥ 0, and its negative below.

The gradient. dy/dx = 1 − y² by the quotient rule, so dx = dy·(1 − y²).
"""

import numpy as np
from numba import prange

from scratchnet.kernels.machine.compile import compiled, parallel
from scratchnet.kernels.machine.exponential import exp_minus_one

# Elements handed to a thread at once; fewer are not worth waking one for.
CHUNK = 1 << 12


def tanh_forward_reference(x, y):
    """Compute y = tanh(x).

    What limits this rung: one thread.

    Shapes: x, y (size,).

    Args:
        x: any values.
        y: written; may be x.
    """
    np.tanh(x, out=y)


def tanh_backward_reference(y, dy, dx):
    """Compute dx = dy·(1 − y²), as (1 − y)(1 + y), which cancels less near ±1.

    What limits this rung: one thread, and a temporary per operator.

    Shapes: y, dy, dx (size,).

    Args:
        y: what forward wrote.
        dy: gradient of the loss with respect to y.
        dx: written; may be dy.
    """
    dx[...] = dy * ((1 - y) * (1 + y))


@compiled
def _forward(x, y):
    for i in range(x.size):
        e = exp_minus_one(-abs(x[i] + x[i]))
        above = -e / (e + type(e)(2))
        y[i] = above if x[i] >= 0 else -above


@parallel
def tanh_forward_loops(x, y):
    """Compute y = tanh(x).

    Against `reference`: chunks spread over threads. What limits this rung: the
    exponential's arithmetic, and two divisions.

    Shapes and arguments as in `tanh_forward_reference`.
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
        dx[i] = dy[i] * ((1 - y[i]) * (1 + y[i]))


@parallel
def tanh_backward_loops(y, dy, dx):
    """Compute dx = dy·(1 − y²).

    Against `reference`: chunks spread over threads, no temporaries. What limits this
    rung: memory.

    Shapes and arguments as in `tanh_backward_reference`.
    """
    if y.size <= CHUNK:
        _backward(y, dy, dx)
    else:
        for chunk in prange((y.size + CHUNK - 1) // CHUNK):
            first = np.intp(chunk) * CHUNK
            last = first + CHUNK
            _backward(y[first:last], dy[first:last], dx[first:last])
