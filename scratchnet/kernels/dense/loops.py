"""Dense, rung 1: the textbook loops, compiled by Numba.

Against `reference`: rows spread over threads, and the innermost loop always runs
along a contiguous row, so the compiler turns it into vector instructions.

What limits this rung: every row of the result reads the whole weight again, and each
multiplication loads and stores the sum it adds to. BLAS keeps blocks of both in
registers and caches.

Every element is summed by one thread in one order: any number of threads gives the
same bits, and a row's result does not depend on the rows around it.
"""

import numpy as np
from numba import prange

from scratchnet.kernels.machine.compile import parallel


@parallel
def dense_forward_loops(x, weight, bias, y):
    """Compute y[n] = bias + ∑_i x[n, i] · weight[i].

    Shapes and arguments as in `dense_forward_reference`.
    """
    N, I = x.shape  # noqa: E741
    O = bias.size  # noqa: E741
    for n in prange(N):
        total = y[n]
        for o in range(O):
            total[o] = bias[o]
        for i in range(I):
            value = x[n, i]
            row = weight[i]
            for o in range(O):
                total[o] += value * row[o]


@parallel
def dense_backward_weight_loops(x, dy, d_weight, d_bias):
    """Compute d_weight[i] = ∑_n x[n, i] · dy[n]; a thread has some rows i.

    Shapes and arguments as in `dense_backward_weight_reference`.
    """
    N, O = dy.shape  # noqa: E741
    for i in prange(x.shape[1]):
        total = d_weight[i]
        for o in range(O):
            total[o] = 0
        for n in range(N):
            value = x[n, i]
            gradient = dy[n]
            for o in range(O):
                total[o] += value * gradient[o]
    for o in range(O):
        d_bias[o] = 0
    for n in range(N):
        for o in range(O):
            d_bias[o] += dy[n, o]


def dense_backward_input_loops(dy, weight, dx):
    """Compute dx[n] = ∑_o dy[n, o] · weight[:, o].

    The columns of weight are to be contiguous, so it is transposed once.

    Shapes and arguments as in `dense_backward_input_reference`.
    """
    _backward_input(dy, np.ascontiguousarray(weight.T), dx)


@parallel
def _backward_input(dy, transposed, dx):
    O, I = transposed.shape  # noqa: E741
    for n in prange(dy.shape[0]):
        total = dx[n]
        for i in range(I):
            total[i] = 0
        for o in range(O):
            value = dy[n, o]
            row = transposed[o]
            for i in range(I):
                total[i] += value * row[i]
