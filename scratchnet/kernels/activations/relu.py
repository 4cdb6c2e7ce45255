"""The rectifier: y = max(x, 0); NaN stays NaN.

Its slope is 1 where y > 0 and 0 elsewhere, at 0 too: dx = dy where y > 0, else 0.

Reference: Glorot, Bordes & Bengio (2011), "Deep sparse rectifier neural networks".
"""

import numpy as np
from numba import prange

from scratchnet.kernels.machine.compile import compiled, parallel

# Elements handed to a thread at once; fewer are not worth waking one for.
CHUNK = 1 << 15


def relu_forward_reference(x, y):
    """Compute y = max(x, 0).

    What limits this rung: one thread.

    Shapes: x, y (size,).

    Args:
        x: any values.
        y: written; may be x.
    """
    np.maximum(x, 0, out=y)


def relu_backward_reference(y, dy, dx):
    """Compute dx = dy where y > 0, else 0.

    What limits this rung: one thread, and two temporaries.

    Shapes: y, dy, dx (size,).

    Args:
        y: what forward wrote.
        dy: gradient of the loss with respect to y.
        dx: written; may be dy.
    """
    dx[...] = np.where(y > 0, dy, 0)


@compiled
def _forward(x, y):
    for i in range(x.size):
        value = x[i]
        y[i] = 0 if value <= 0 else value  # NaN is not below 0, so it passes


@compiled
def _forward_in_place(y):
    for i in range(y.size):
        value = y[i]
        y[i] = 0 if value <= 0 else value


@compiled
def _forward_chunk(x, y):
    # The compiler makes vector instructions of a loop over one array, and of one over
    # two that do not overlap, which it tests for; x being y fails that test.
    if x.ctypes.data == y.ctypes.data:
        _forward_in_place(y)
    else:
        _forward(x, y)


@parallel
def relu_forward_loops(x, y):
    """Compute y = max(x, 0).

    Against `reference`: chunks spread over threads. What limits this rung: memory.

    Shapes and arguments as in `relu_forward_reference`.
    """
    if x.size <= CHUNK:
        _forward_chunk(x, y)
    else:
        for chunk in prange((x.size + CHUNK - 1) // CHUNK):
            first = np.intp(chunk) * CHUNK
            _forward_chunk(x[first : first + CHUNK], y[first : first + CHUNK])


@compiled
def relu_gradient(y, dy, dx):
    """Compute dx = dy where y > 0, else 0, on the calling thread."""
    for i in range(y.size):
        gradient = dy[i]
        dx[i] = gradient if y[i] > 0 else 0


@parallel
def relu_backward_loops(y, dy, dx):
    """Compute dx = dy where y > 0, else 0.

    Against `reference`: chunks spread over threads, no temporaries. What limits this
    rung: memory.

    Shapes and arguments as in `relu_backward_reference`.
    """
    if y.size <= CHUNK:
        relu_gradient(y, dy, dx)
    else:
        for chunk in prange((y.size + CHUNK - 1) // CHUNK):
            first = np.intp(chunk) * CHUNK
            last = first + CHUNK
            relu_gradient(y[first:last], dy[first:last], dx[first:last])
