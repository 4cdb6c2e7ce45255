"""What belongs together among the operands of pooled convolutions."""

from typing import NamedTuple

import numpy as np


class Options(NamedTuple):
    """How windows lie.

    Attributes:
        strides: of the convolution.
        pads: of the convolution, at the top and left.
        pool_size: rows and columns of a pooling window, and between windows.
    """

    strides: tuple[int, int]
    pads: tuple[int, int]
    pool_size: tuple[int, int]


class Normalisation(NamedTuple):
    """What batch normalisation takes; arrays are (CO,).

    Attributes:
        mean: the batch's, or the moving one.
        variance: the batch's, or the moving one.
        gamma: scale.
        beta: offset.
        epsilon: added to the variance, greater than 0.
    """

    mean: np.ndarray
    variance: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    epsilon: float


class Gradients(NamedTuple):
    """Where gradients are written to.

    Attributes:
        d_weight: (KH, KW, C, CO).
        d_bias: (CO,).
        dx: (N, H, W, C); or None: it is not wanted.
        d_gamma: (CO,), where there is a batch normalisation.
        d_beta: (CO,), where there is one.
    """

    d_weight: np.ndarray
    d_bias: np.ndarray
    dx: np.ndarray | None
    d_gamma: np.ndarray | None = None
    d_beta: np.ndarray | None = None


def covered_shape(y_shape, pool_size):
    """Return the shape of what the windows of y cover."""
    N, PH, PW, CO = y_shape
    return (N, PH * pool_size[0], PW * pool_size[1], CO)
