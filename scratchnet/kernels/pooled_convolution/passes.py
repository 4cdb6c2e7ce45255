"""The fast rungs, for both algorithms of the convolution: `direct` and `winograd`.

Against `reference`: no array as large as the convolution's output. An image's
convolution is pooled right after it is computed, and its gradient is made right before
it is used, both in a thread's own memory. What limits this rung: what limits the
convolution's own rung of that name; and, with batch normalisation, one way to memory
for its output.

``algorithm`` is `convolution.direct` or `convolution.winograd`. Its ``forward`` and
``backward`` compute a convolution image by image, with an epilogue, or from a gradient
that is made when it is needed.
"""

import numpy as np
from numba import prange

from scratchnet.kernels.batch_normalization.statistics import (
    merge_statistics,
    reciprocal_deviation,
)
from scratchnet.kernels.convolution.epilogues import (
    CHOSEN,
    NORMALISED,
    Gradient,
    no_epilogue,
    pool_normalised_image,
)
from scratchnet.kernels.convolution.jobs import geometry
from scratchnet.kernels.machine.compile import parallel
from scratchnet.kernels.machine.silence import silent
from scratchnet.kernels.machine.simd import fill, load, multiply_add, store
from scratchnet.kernels.machine.tile import vector_lanes
from scratchnet.kernels.pooled_convolution.operands import covered_shape


def pooled_convolution_forward_on(algorithm, x, weight, bias, y, chosen, options):
    """Compute y and ``chosen``, image by image.

    Shapes and arguments as in `pooled_convolution_forward_reference`.
    """
    kept = {} if chosen is None else {"chosen": chosen.reshape(-1)}
    _convolve_and_pool(algorithm, x, weight, bias, y, options, **kept)


def normalised_convolution_inference_on(
    algorithm, x, weight, bias, normalisation, y, options
):
    """Compute y, image by image.

    Shapes and arguments as in `normalised_convolution_inference_reference`.
    """
    channels = _channels(normalisation)
    _convolve_and_pool(
        algorithm, x, weight, bias, y, options, relu=True, channels=channels
    )


def _convolve_and_pool(algorithm, x, weight, bias, y, options, **epilogue):
    """Convolve as far as windows reach, and pool, with the rest of an `Epilogue`."""
    strides, pads, pool_size = options
    epilogue = no_epilogue(x.dtype)._replace(
        pool_rows=pool_size[0],
        pool_columns=pool_size[1],
        y=y.reshape(-1),
        **epilogue,
    )
    z_shape, nothing = covered_shape(y.shape, pool_size), np.empty(0, x.dtype)
    g = geometry(x.shape, weight.shape, z_shape, strides, pads)
    algorithm.forward(g, x, weight, bias, nothing, epilogue)


def pooled_convolution_backward_on(
    algorithm, x, weight, dy, chosen, gradients, options
):
    """Compute the gradients, image by image.

    Shapes and arguments as in `pooled_convolution_backward_reference`.
    """
    strides, pads, pool_size = options
    d_weight, d_bias, dx, _, _ = gradients
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
    g = geometry(x.shape, weight.shape, z_shape, strides, pads)
    algorithm.backward(g, x, weight, gradient, d_weight, d_bias, dx)


def measured_convolution_forward_on(
    algorithm, x, weight, bias, z, mean, variance, strides, pads
):
    """Compute z, and the statistics of each image while it is in the cache.

    Then the images' statistics are put together. Shapes and arguments as in
    `measured_convolution_forward_reference`.
    """
    N, OH, OW, CO = z.shape
    if N == 0:  # the mean of nothing
        mean[...] = variance[...] = np.nan
        return
    means, deviations = np.empty((2, N, CO), x.dtype)
    epilogue = no_epilogue(x.dtype)._replace(
        relu=True, means=means, deviations=deviations
    )
    g = geometry(x.shape, weight.shape, z.shape, strides, pads)
    algorithm.forward(g, x, weight, bias, z, epilogue)
    merge_statistics(means, deviations, OH * OW, N * OH * OW, mean, variance)


@silent
def normalised_convolution_backward_on(
    algorithm, x, weight, z, normalisation, selected, dy, gradients, options
):
    """Compute the gradients: sums over windows, then image by image.

    Shapes and arguments as in `normalised_convolution_backward_reference`.
    """
    strides, pads, pool_size = options
    mean, variance, gamma, _, epsilon = normalisation
    d_weight, d_bias, dx, d_gamma, d_beta = gradients
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
        NORMALISED,
        dy.reshape(-1),
        selected.reshape(-1),
        *pool_size,
        z.reshape(-1),
        channels,
        np.empty((0, 0), x.dtype),
    )
    g = geometry(x.shape, weight.shape, z.shape, strides, pads)
    algorithm.backward(g, x, weight, gradient, d_weight, d_bias, dx)


def normalised_pooling_forward_direct(z, normalisation, y, selected, pool_size):
    """Compute y and ``selected``, a register of channels at a time.

    Shapes and arguments as in `normalised_pooling_forward_reference`.
    """
    _pool_images(z, _channels(normalisation), y, selected, pool_size)


@silent
def _channels(normalisation):
    """Return what `pool_normalised_image` takes: mean, scale and beta."""
    mean, variance, gamma, beta, epsilon = normalisation
    scale = gamma * reciprocal_deviation(variance, epsilon)
    return np.concatenate([mean, scale, beta], dtype=mean.dtype)


@parallel
def _pool_images(z, channels, y, selected, pool_size):
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
