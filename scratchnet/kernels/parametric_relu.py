"""The rectifier with a slope that is learnt: y = x where x > 0, else alpha · x.

The gradients. dx = dy where x > 0, alpha · dy where x < 0, and 0 at 0, as in Keras;
d_alpha = ∑ dy · x over the rows where x < 0.

Reference: He, Zhang, Ren & Sun (2015), "Delving deep into rectifiers", section 2.1.
"""

import numpy as np
from numba import prange

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled, parallel

# Elements handed to a thread at once; fewer are not worth waking one for.
CHUNK = 1 << 15


def parametric_relu_forward_reference(x, alpha, y):
    """Compute y = x where x > 0, else alpha · x.

    What limits this rung: one thread, and a temporary per operator.

    Shapes: x, y (M, D); alpha (D,).

    Args:
        x: any values.
        alpha: slopes.
        y: written.
    """
    y[...] = np.where(x <= 0, alpha * x, x)


def parametric_relu_backward_reference(x, alpha, dy, dx, d_alpha):
    """Compute dx and d_alpha.

    What limits this rung: one thread, and a temporary per operator.

    Shapes: x, dy, dx (M, D); alpha, d_alpha (D,).

    Args:
        x: what forward read.
        alpha: slopes.
        dy: gradient of the loss with respect to y.
        dx: written.
        d_alpha: written.
    """
    dx[...] = np.where(x > 0, dy, np.where(x < 0, alpha * dy, 0))
    d_alpha[...] = np.where(x < 0, dy * x, 0).sum(axis=0, dtype=np.float64)


@compiled
def _forward(x, alpha, y):
    M, D = x.shape
    for m in range(M):
        for d in range(D):
            y[m, d] = alpha[d] * x[m, d] if x[m, d] <= 0 else x[m, d]


@parallel
def parametric_relu_forward_loops(x, alpha, y):
    """Compute y = x where x > 0, else alpha · x.

    Against `reference`: rows spread over threads, no temporaries. What limits this
    rung: memory.

    Shapes and arguments as in `parametric_relu_forward_reference`.
    """
    M, D = x.shape
    rows = max(1, CHUNK // D)
    if rows >= M:
        _forward(x, alpha, y)
    else:
        for chunk in prange((M + rows - 1) // rows):
            first = np.intp(chunk) * rows
            _forward(x[first : first + rows], alpha, y[first : first + rows])


@compiled
def _backward(x, alpha, dy, dx, sums):
    M, D = x.shape
    for d in range(D):
        sums[d] = 0
    for m in range(M):
        for d in range(D):
            value, gradient = x[m, d], dy[m, d]
            below = value < 0
            slope = alpha[d] if below else alpha.dtype.type(value > 0)
            dx[m, d] = slope * gradient
            sums[d] += np.float64(gradient) * value if below else 0.0


@parallel
def parametric_relu_backward_loops(x, alpha, dy, dx, d_alpha):
    """Compute dx and d_alpha.

    Against `reference`: one pass, rows spread over threads, no temporaries; sums are
    taken chunk by chunk, in order. What limits this rung: memory.

    Shapes and arguments as in `parametric_relu_backward_reference`.
    """
    M, D = x.shape
    rows = max(1, CHUNK // D)
    chunks = max(1, (M + rows - 1) // rows)
    sums = np.empty((chunks, D), np.float64)
    if chunks == 1:
        _backward(x, alpha, dy, dx, sums[0])
    else:
        for chunk in prange(chunks):
            first = np.intp(chunk) * rows
            last = first + rows
            _backward(x[first:last], alpha, dy[first:last], dx[first:last], sums[chunk])
    for chunk in range(1, chunks):
        for d in range(D):
            sums[0, d] += sums[chunk, d]
    for d in range(D):
        d_alpha[d] = sums[0, d]


parametric_relu_forward = ladder(
    parametric_relu_forward_reference, parametric_relu_forward_loops
)
parametric_relu_backward = ladder(
    parametric_relu_backward_reference, parametric_relu_backward_loops
)
