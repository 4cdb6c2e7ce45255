"""Batch normalisation and the max pooling after it, in one.

    y[n, oh, ow, c] = max of (x[n, h, w, c] − mean[c])·scale[c] + beta[c] over a window
    scale = gamma / √(variance + epsilon)

The normalised map is as large as x, and only its maxima are ever used: it is computed
window by window, and never written. Windows lie side by side (strides = pool_size)
without padding.

The gradient. Of a window, only the first maximum has a gradient g = dy; every other
normalised pixel has g = 0. With r = 1/√(variance + epsilon) and M pixels per channel,
batch normalisation's own formulas then read

    d_beta = ∑ g        d_gamma = r · ∑ g·(x − mean)
    dx = gamma·r·(g − d_beta/M − (x − mean)·r·d_gamma/M)

where x is read twice, once for the sums and once for dx. If x is what a ReLU wrote,
its derivative is applied before dx is: dz = dx where x > 0, else 0.
"""

import numpy as np
from numba import prange

from scratchnet.kernels.batch_normalization.reference import (
    batch_normalization_backward_reference,
)
from scratchnet.kernels.compile import compiled, parallel
from scratchnet.kernels.pooling.max_pooling import (
    max_pooling_backward_reference,
    max_pooling_forward_reference,
)
from scratchnet.kernels.silence import silent
from scratchnet.kernels.simd import (
    fill,
    larger,
    load,
    multiply_add,
    store,
    where_equal,
    where_positive,
)
from scratchnet.kernels.tile import vector_lanes


def normalised_pooling_forward_reference(
    x, mean, variance, gamma, beta, epsilon, y, pool_size
):
    """Compute y, the largest normalised pixel of each window.

    Normalises the whole map, then pools it. What limits this rung: the temporary.

    Shapes: x (N, H, W, C); y (N, OH, OW, C); the rest (C,).

    Args:
        x: images.
        mean: the batch's, or the moving one.
        variance: the batch's, or the moving one.
        gamma: scale.
        beta: offset.
        epsilon: added to the variance, greater than 0.
        y: written.
        pool_size: rows and columns of a window, and between windows.
    """
    scale = gamma * _reciprocal_deviation(variance, epsilon)
    normalised = (x - mean) * scale + beta
    max_pooling_forward_reference(normalised, y, pool_size, pool_size, (0, 0))


def normalised_pooling_backward_reference(
    x, mean, variance, gamma, beta, epsilon, dy, dz, d_gamma, d_beta, pool_size
):
    """Compute dz, d_gamma and d_beta, for x = relu(z) normalised and pooled.

    Pooling's backward pass, then batch normalisation's, then ReLU's. What limits this
    rung: it is three passes, and makes the normalised map again.

    Shapes: x, dz (N, H, W, C); dy (N, OH, OW, C); the rest (C,).

    Args:
        x: what forward read.
        mean: the batch's.
        variance: the batch's.
        gamma: scale.
        beta: offset.
        epsilon: added to the variance, greater than 0.
        dy: gradient of the loss with respect to y.
        dz: written.
        d_gamma: written.
        d_beta: written.
        pool_size: rows and columns of a window, and between windows.
    """
    normalised = (x - mean) * (gamma * _reciprocal_deviation(variance, epsilon)) + beta
    y = np.empty_like(dy)
    max_pooling_forward_reference(normalised, y, pool_size, pool_size, (0, 0))
    d_normalised = np.empty_like(x)
    max_pooling_backward_reference(
        normalised, y, dy, d_normalised, pool_size, pool_size, (0, 0)
    )
    C = x.shape[-1]
    batch_normalization_backward_reference(
        *(x.reshape(-1, C), mean, variance, gamma, epsilon),
        *(d_normalised.reshape(-1, C), dz.reshape(-1, C), d_gamma, d_beta),
    )
    dz[x <= 0] = 0


@compiled
def _largest(x, corner, pool_size, row, C, c, mean, scale, beta):
    """Return the maximum of a window's normalised pixels, for a register of channels.

    ``corner`` is the offset of the window's first pixel, ``row`` that of one row of
    the image from the one before.
    """
    largest = fill(x, -np.inf)
    for kh in range(pool_size[0]):
        for kw in range(pool_size[1]):
            pixel = load(x, corner + kh * row + kw * C + c, C - c)
            largest = larger(largest, multiply_add(pixel - mean, scale, beta))
    return largest


@silent
def normalised_pooling_forward_direct(
    x, mean, variance, gamma, beta, epsilon, y, pool_size
):
    """Compute y, the largest normalised pixel of each window.

    Against `reference`: no temporary, images spread over threads, a register of
    channels at a time. What limits this rung: reading x from memory.

    Shapes and arguments as in `normalised_pooling_forward_reference`.
    """
    scale = gamma * _reciprocal_deviation(variance, epsilon)
    _forward(x, mean, scale, beta, y, pool_size)


def _reciprocal_deviation(variance, epsilon):
    return 1 / np.sqrt(variance + variance.dtype.type(epsilon))


@parallel
def _forward(x, mean, scale, beta, y, pool_size):
    """Write the maximum of (x − mean)·scale + beta over each window."""
    _, H, W, C = x.shape
    N, OH, OW, _ = y.shape
    lanes = vector_lanes(x)
    x, y = x.reshape(-1), y.reshape(-1)
    for n in prange(N):
        for oh in range(OH):
            for ow in range(OW):
                corner = ((n * H + oh * pool_size[0]) * W + ow * pool_size[1]) * C
                to = ((n * OH + oh) * OW + ow) * C
                for c in range(0, C, lanes):
                    count = C - c
                    own = load(mean, c, count), load(scale, c, count)
                    offset = load(beta, c, count)
                    largest = _largest(
                        x, corner, pool_size, W * C, C, c, own[0], own[1], offset
                    )
                    store(y, to + c, count, largest)


@silent
def normalised_pooling_backward_direct(
    x, mean, variance, gamma, beta, epsilon, dy, dz, d_gamma, d_beta, pool_size
):
    """Compute dz, d_gamma and d_beta in two passes over x.

    Against `reference`: nothing as large as x is written but dz. Each image has sums
    of its own, added up in order, so that any number of threads gives the same bits.
    What limits this rung: memory, and finding the maxima twice.

    Shapes and arguments as in `normalised_pooling_backward_reference`.
    """
    N, H, W, C = x.shape
    r = _reciprocal_deviation(variance, epsilon)
    scale = gamma * r
    sums = np.empty((2, N, C), x.dtype)
    _sums(x, mean, scale, beta, dy, sums, pool_size)
    total = sums.sum(axis=1, dtype=np.float64)
    d_beta[...] = total[0]
    d_gamma[...] = total[1] * r
    pixels = x.dtype.type(N * H * W)
    _input_gradient(
        *(x, mean, scale, beta, d_beta / pixels, r * d_gamma / pixels),
        *(dy, dz, pool_size),
    )


@parallel
def _sums(x, mean, scale, beta, dy, sums, pool_size):
    """Write each image's ∑ g and ∑ g·(x − mean)."""
    _, H, W, C = x.shape
    N, OH, OW, _ = dy.shape
    KH, KW = pool_size
    lanes = vector_lanes(x)
    x, dy = x.reshape(-1), dy.reshape(-1)
    for n in prange(N):
        gradients, products = sums[0, n], sums[1, n]
        for c in range(0, C, lanes):
            count = C - c
            m, s, b = load(mean, c, count), load(scale, c, count), load(beta, c, count)
            gradient_sum, product_sum = fill(x, 0.0), fill(x, 0.0)
            for oh in range(OH):
                for ow in range(OW):
                    corner = ((n * H + oh * KH) * W + ow * KW) * C
                    largest = _largest(x, corner, pool_size, W * C, C, c, m, s, b)
                    waiting = load(dy, ((n * OH + oh) * OW + ow) * C + c, count)
                    for kh in range(KH):
                        for kw in range(KW):
                            at = corner + (kh * W + kw) * C + c
                            centred = load(x, at, count) - m
                            value = multiply_add(centred, s, b)
                            nothing = fill(x, 0.0)
                            g = where_equal(value, largest, waiting, nothing)
                            waiting = where_equal(value, largest, nothing, waiting)
                            gradient_sum = gradient_sum + g
                            product_sum = multiply_add(g, centred, product_sum)
            store(gradients, c, count, gradient_sum)
            store(products, c, count, product_sum)


@parallel
def _input_gradient(x, mean, scale, beta, offset, slope, dy, dz, pool_size):
    """Write dz = scale·(g − offset − (x − mean)·slope) where x > 0, else 0."""
    _, H, W, C = x.shape
    N, OH, OW, _ = dy.shape
    KH, KW = pool_size
    lanes = vector_lanes(x)
    x, dy, dz = x.reshape(-1), dy.reshape(-1), dz.reshape(-1)
    for n in prange(N):
        for c in range(0, C, lanes):
            count = C - c
            m, s, b = load(mean, c, count), load(scale, c, count), load(beta, c, count)
            shift, tilt = load(offset, c, count), load(slope, c, count)
            nothing = fill(x, 0.0)
            for oh in range(OH):
                for ow in range(OW):
                    corner = ((n * H + oh * KH) * W + ow * KW) * C
                    largest = _largest(x, corner, pool_size, W * C, C, c, m, s, b)
                    waiting = load(dy, ((n * OH + oh) * OW + ow) * C + c, count)
                    for kh in range(KH):
                        for kw in range(KW):
                            at = corner + (kh * W + kw) * C + c
                            pixel = load(x, at, count)
                            value = multiply_add(pixel - m, s, b)
                            g = where_equal(value, largest, waiting, nothing)
                            waiting = where_equal(value, largest, nothing, waiting)
                            dx = s * (g - shift - (pixel - m) * tilt)
                            store(dz, at, count, where_positive(pixel, dx))
            for h in range(H):
                # Rows and columns that no window reaches.
                for w in range(OW * KW if h < OH * KH else 0, W):
                    at = ((n * H + h) * W + w) * C + c
                    pixel = load(x, at, count)
                    dx = s * (nothing - shift - (pixel - m) * tilt)
                    store(dz, at, count, where_positive(pixel, dx))
