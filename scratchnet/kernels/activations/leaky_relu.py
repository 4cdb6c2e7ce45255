"""The leaky rectifier: y = x where x > 0, else a · x; NaN stays NaN.

Its slope is 1 where x > 0 and a elsewhere, at 0 too. As a ≥ 0, y has the sign of x, so
that the slope can be told from y: dx = dy where y > 0, else a · dy.

Reference: Maas, Hannun & Ng (2013), "Rectifier nonlinearities improve neural network
acoustic models", section 3.
"""

import numpy as np
from numba import prange

from scratchnet.kernels.machine.compile import compiled, parallel

# Elements handed to a thread at once; fewer are not worth waking one for.
CHUNK = 1 << 15


def leaky_relu_forward_reference(x, y, negative_slope):
    """Compute y = x where x > 0, else negative_slope · x.

    What limits this rung: one thread, and two temporaries.

    Shapes: x, y (size,).

    Args:
        x: any values.
        y: written; may be x.
        negative_slope: a, at least 0.
    """
    y[...] = np.where(x > 0, x, x.dtype.type(negative_slope) * x)


def leaky_relu_backward_reference(y, dy, dx, negative_slope):
    """Compute dx = dy where y > 0, else negative_slope · dy.

    What limits this rung: one thread, and two temporaries.

    Shapes: y, dy, dx (size,).

    Args:
        y: what forward wrote.
        dy: gradient of the loss with respect to y.
        dx: written; may be dy.
        negative_slope: a, at least 0.
    """
    dx[...] = np.where(y > 0, dy, dy.dtype.type(negative_slope) * dy)


@compiled
def _scale(sign, values, results, negative_slope):
    """Write the values, those times the slope whose sign is not above 0."""
    slope = values.dtype.type(negative_slope)
    for i in range(values.size):
        value = values[i]
        results[i] = value if sign[i] > 0 else slope * value


@parallel
def leaky_relu_forward_loops(x, y, negative_slope):
    """Compute y = x where x > 0, else negative_slope · x.

    Against `reference`: chunks spread over threads, no temporaries. What limits this
    rung: memory.

    Shapes and arguments as in `leaky_relu_forward_reference`.
    """
    for chunk in prange((x.size + CHUNK - 1) // CHUNK):
        first = np.intp(chunk) * CHUNK
        last = first + CHUNK
        _scale(x[first:last], x[first:last], y[first:last], negative_slope)


@parallel
def leaky_relu_backward_loops(y, dy, dx, negative_slope):
    """Compute dx = dy where y > 0, else negative_slope · dy.

    Against `reference`: chunks spread over threads, no temporaries. What limits this
    rung: memory.

    Shapes and arguments as in `leaky_relu_backward_reference`.
    """
    for chunk in prange((y.size + CHUNK - 1) // CHUNK):
        first = np.intp(chunk) * CHUNK
        last = first + CHUNK
        _scale(y[first:last], dy[first:last], dx[first:last], negative_slope)
