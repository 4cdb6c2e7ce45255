"""Contrast: every channel of an image is spread around its own mean, and clipped.

    z = (x − m)·f + m,   m = mean of the channel over all pixels
    y = z, brought to [low, high]

The way back, for the pixels that were not clipped (dz = dy there, else 0):

    dx = f·dz + (1 − f)·mean of dz over the channel's pixels

Reference: `keras/src/layers/preprocessing/image_preprocessing/random_contrast.py`.
"""

import numpy as np
from numba import prange

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled, parallel


def contrast_forward_reference(x, factors, low, high, y):
    """Change the contrast of every image by its own factor.

    What limits this rung: a temporary per operator.

    Shapes: x, y (N, P, C), factors (N,).

    Args:
        x: images, P pixels each.
        factors: 1 changes nothing, 0 leaves the mean alone.
        low: the least value of y.
        high: the greatest.
        y: written.
    """
    y[...] = np.clip(_stretched(x, factors), low, high)


def contrast_backward_reference(x, dy, factors, low, high, dx):
    """Compute the gradient of the images.

    What limits this rung: as in `contrast_forward_reference`.

    Shapes: x, dy, dx (N, P, C), factors (N,).

    Args:
        x: images, P pixels each.
        dy: gradient of y.
        factors: as on the way forwards.
        low: likewise.
        high: likewise.
        dx: written.
    """
    z = _stretched(x, factors)
    dz = np.where((z >= low) & (z <= high), dy, 0)
    f = factors.reshape(-1, 1, 1)
    dx[...] = f * dz + (1 - f) * _means(dz)


def _means(x):
    return x.mean(axis=1, keepdims=True, dtype=np.float64).astype(x.dtype)


def _stretched(x, factors):
    mean = _means(x)
    return (x - mean) * factors.reshape(-1, 1, 1) + mean


def contrast_forward_loops(x, factors, low, high, y):
    """Change the contrast of every image by its own factor.

    Against `reference`: two passes over an image and no temporary; images are spread
    over threads. What limits this rung: memory.

    Shapes and arguments as in `contrast_forward_reference`.
    """
    _forward(x, factors, x.dtype.type(low), x.dtype.type(high), y)


def contrast_backward_loops(x, dy, factors, low, high, dx):
    """Compute the gradient of the images.

    Against `reference`: three passes over an image and no temporary; images are spread
    over threads. What limits this rung: memory.

    Shapes and arguments as in `contrast_backward_reference`.
    """
    _backward(x, dy, factors, x.dtype.type(low), x.dtype.type(high), dx)


@compiled
def _channel_means(image):
    P, C = image.shape
    sums = np.zeros(C, np.float64)
    for p in range(P):
        for c in range(C):
            sums[c] += image[p, c]
    means = np.empty(C, image.dtype)
    for c in range(C):
        means[c] = sums[c] / P
    return means


@compiled
def _stretch(image, factor, low, high, y):
    P, C = image.shape
    means = _channel_means(image)
    for p in range(P):
        for c in range(C):
            z = (image[p, c] - means[c]) * factor + means[c]
            # Written so that NaN, which compares with nothing, stays NaN.
            y[p, c] = low if z < low else (high if z > high else z)


@parallel
def _forward(x, factors, low, high, y):
    for n in prange(len(x)):
        _stretch(x[n], factors[n], low, high, y[n])


@compiled
def _stretch_back(image, dy, factor, low, high, dx):
    P, C = image.shape
    means = _channel_means(image)
    for p in range(P):
        for c in range(C):
            z = (image[p, c] - means[c]) * factor + means[c]
            dx[p, c] = dy[p, c] if low <= z <= high else 0
    shares = _channel_means(dx)
    for p in range(P):
        for c in range(C):
            dx[p, c] = factor * dx[p, c] + (1 - factor) * shares[c]


@parallel
def _backward(x, dy, factors, low, high, dx):
    for n in prange(len(x)):
        _stretch_back(x[n], dy[n], factors[n], low, high, dx[n])


contrast_forward = ladder(contrast_forward_reference, contrast_forward_loops)
contrast_backward = ladder(contrast_backward_reference, contrast_backward_loops)
