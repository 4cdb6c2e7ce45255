"""Dense, rung 0: plain NumPy, written to be obviously right.

`np.einsum` is kept from BLAS (no ``optimize``), so that the order of its sums does
not depend on threads. What limits this rung: one thread, and no reuse of what has
been loaded.
"""

import numpy as np


def dense_forward_reference(x, weight, bias, y):
    """Compute y = x · weight + bias.

    Shapes: x (N, I), weight (I, O), bias (O,), y (N, O).

    Args:
        x: one sample per row.
        weight: matrix.
        bias: added to every row.
        y: written.
    """
    y[...] = np.einsum("ni,io->no", x, weight) + bias


def dense_backward_weight_reference(x, dy, d_weight, d_bias):
    """Compute d_weight = xᵀ · dy and d_bias = ∑_n dy[n].

    Shapes: x (N, I), dy (N, O), d_weight (I, O), d_bias (O,).

    Args:
        x: what forward read.
        dy: gradient of the loss with respect to y.
        d_weight: written.
        d_bias: written.
    """
    d_weight[...] = np.einsum("ni,no->io", x, dy)
    d_bias[...] = dy.sum(axis=0)


def dense_backward_input_reference(dy, weight, dx):
    """Compute dx = dy · weightᵀ.

    Shapes: dy (N, O), weight (I, O), dx (N, I).

    Args:
        dy: gradient of the loss with respect to y.
        weight: matrix.
        dx: written.
    """
    dx[...] = np.einsum("no,io->ni", dy, weight)
