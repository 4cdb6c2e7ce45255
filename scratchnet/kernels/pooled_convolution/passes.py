"""The passes of a pooled convolution, for any algorithm of the convolution itself.

``forward`` and ``backward`` are those of `convolution.direct` or `.winograd`: they
compute a convolution image by image, with an epilogue, or from a gradient that is made
when it is needed.
"""

import numpy as np
from numba import prange

from scratchnet.kernels.batch_normalization.loops import merge_statistics
from scratchnet.kernels.batch_normalization.reference import reciprocal_deviation
from scratchnet.kernels.convolution.epilogues import (
    CHOSEN,
    NORMALISED,
    Gradient,
    no_epilogue,
    pool_normalised_image,
)
from scratchnet.kernels.machine.compile import parallel
from scratchnet.kernels.machine.silence import silent
from scratchnet.kernels.machine.simd import fill, load, multiply_add, store
from scratchnet.kernels.machine.tile import vector_lanes
from scratchnet.kernels.pooled_convolution.reference import covered_shape


def pooled_forward(
    forward, x, weight, bias, y, chosen, strides, pads, pool_size, channels=None
):
    """Convolve, apply ReLU, normalise if there are ``channels``, and pool."""
    nothing = np.empty(0, x.dtype)
    epilogue = no_epilogue(x.dtype)._replace(
        relu=channels is not None,
        pool_rows=pool_size[0],
        pool_columns=pool_size[1],
        channels=nothing if channels is None else channels,
        y=y.reshape(-1),
        chosen=nothing if chosen is None else chosen.reshape(-1),
    )
    z_shape = covered_shape(y.shape, pool_size)
    forward(x, weight, bias, nothing, z_shape, strides, pads, epilogue)


def pooled_backward(
    backward, x, weight, dy, chosen, d_weight, d_bias, dx, strides, pads, pool_size
):
    """Go back from dy to what each image's convolution was given."""
    nothing, no_rows = np.empty(0, x.dtype), np.empty((0, 0), x.dtype)
    gradient = Gradient(
        CHOSEN,
        dy.reshape(-1),
        chosen.reshape(-1),
        *pool_size,
        nothing,
        nothing,
        no_rows,
    )
    z_shape = covered_shape(dy.shape, pool_size)
    backward(x, weight, gradient, z_shape, d_weight, d_bias, dx, strides, pads)


def measured_forward(forward, x, weight, bias, z, mean, variance, strides, pads):
    """Convolve, apply ReLU, and measure each image; then put the images together."""
    N, OH, OW, CO = z.shape
    if N == 0:  # the mean of nothing
        mean[...] = variance[...] = np.nan
        return
    epilogue = no_epilogue(x.dtype)._replace(
        relu=True,
        means=np.empty((N, CO), x.dtype),
        deviations=np.empty((N, CO), x.dtype),
    )
    forward(x, weight, bias, z, z.shape, strides, pads, epilogue)
    merge_statistics(
        *(epilogue.means, epilogue.deviations, OH * OW, N * OH * OW, mean, variance)
    )


@silent
def normalised_backward(
    backward,
    x,
    weight,
    z,
    mean,
    variance,
    gamma,
    epsilon,
    selected,
    dy,
    d_gamma,
    d_beta,
    d_weight,
    d_bias,
    dx,
    strides,
    pads,
    pool_size,
):
    """Take the sums over windows, then go back image by image."""
    N, OH, OW, CO = z.shape
    r = reciprocal_deviation(variance, epsilon)
    sums = np.empty((2, N, CO), x.dtype)
    _sum_windows(selected.reshape(-1), dy.reshape(-1), mean, sums)
    total = sums.sum(axis=1, dtype=np.float64)
    d_beta[...] = total[0]
    d_gamma[...] = total[1] * r
    pixels = x.dtype.type(N * OH * OW)
    channels = np.concatenate(
        [mean, gamma * r, d_beta / pixels, r * d_gamma / pixels], dtype=x.dtype
    )
    gradient = Gradient(
        *(NORMALISED, dy.reshape(-1), selected.reshape(-1), *pool_size),
        *(z.reshape(-1), channels, np.empty((0, 0), x.dtype)),
    )
    backward(x, weight, gradient, z.shape, d_weight, d_bias, dx, strides, pads)


@silent
def normalised_channels(mean, variance, gamma, beta, epsilon):
    """Return what `pool_normalised_image` takes: mean, scale and beta."""
    scale = gamma * reciprocal_deviation(variance, epsilon)
    return np.concatenate([mean, scale, beta], dtype=mean.dtype)


@parallel
def pool_normalised(z, channels, y, selected, pool_size):
    """Pool image by image."""
    N, H, W, C = z.shape
    size, windows = H * W * C, y[0].size
    z, y, selected = z.reshape(-1), y.reshape(-1), selected.reshape(-1)
    for n in prange(N):
        pool_normalised_image(
            z, n * size, (H, W, C), pool_size, channels, y, selected, n * windows
        )


@parallel
def _sum_windows(selected, dy, mean, sums):
    """Write each image's ∑ dy and ∑ dy·(selected − mean)."""
    N, C = sums.shape[1:]
    pixels = len(dy) // (N * C)
    for n in prange(N):
        for c in range(0, C, vector_lanes(dy)):
            count = C - c
            own, total, products = load(mean, c, count), fill(dy, 0.0), fill(dy, 0.0)
            for pixel in range(pixels):
                at = (n * pixels + pixel) * C + c
                gradient = load(dy, at, count)
                total = total + gradient
                centred = load(selected, at, count) - own
                products = multiply_add(gradient, centred, products)
            store(sums[0, n], c, count, total)
            store(sums[1, n], c, count, products)
