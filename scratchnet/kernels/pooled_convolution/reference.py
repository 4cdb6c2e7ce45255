"""The reference rung: the reference rungs of the operations it is made of."""

import numpy as np

from scratchnet.kernels.batch_normalization.reference import (
    batch_normalization_backward_reference,
    batch_normalization_statistics_reference,
)
from scratchnet.kernels.batch_normalization.statistics import reciprocal_deviation
from scratchnet.kernels.convolution.reference import (
    convolution_backward_input_reference,
    convolution_backward_weight_reference,
    convolution_forward_reference,
)
from scratchnet.kernels.pooled_convolution.operands import covered_shape


def pooled_convolution_forward_reference(x, weight, bias, y, chosen, options):
    """Compute y, the largest pixel of each window of relu(x ∗ weight + bias).

    What limits this rung: the convolution's output is written and read three times.

    Shapes: x (N, H, W, C); weight (KH, KW, C, CO); bias (CO,); y, chosen
    (N, PH, PW, CO).

    Args:
        x: images.
        weight: kernels.
        bias: added to each output channel.
        y: written.
        chosen: written; which pixel of its window y is, counted row by row from 0, the
            first of equals; −1 where none is above 0. Or None: it is not wanted.
        options: an `Options`.
    """
    z = _covered(x, weight, bias, y.shape, options)
    windows = _windows(np.maximum(z, 0), options.pool_size)
    y[...] = windows.max(axis=3)
    if chosen is not None:
        chosen[...] = np.where(y > 0, windows.argmax(axis=3), -1)


def pooled_convolution_backward_reference(x, weight, dy, chosen, gradients, options):
    """Compute the gradients, given dy.

    What limits this rung: the gradient of the convolution's output is written and read
    three times.

    Shapes: x (N, H, W, C); weight (KH, KW, C, CO); dy, chosen (N, PH, PW, CO).

    Args:
        x: what forward read.
        weight: kernels.
        dy: gradient of the loss with respect to y.
        chosen: what forward wrote.
        gradients: the `Gradients`, written.
        options: an `Options`.
    """
    pool_size = options.pool_size
    index = np.arange(pool_size[0] * pool_size[1])
    is_chosen = chosen[..., np.newaxis, :] == index[:, np.newaxis]
    dz = _unwindowed(np.where(is_chosen, dy[..., np.newaxis, :], 0), pool_size)
    _convolution_backward(x, weight, dz, gradients, options)


def measured_convolution_forward_reference(
    x, weight, bias, z, mean, variance, strides, pads
):
    """Compute z = relu(x ∗ weight + bias), and its channels' mean and variance.

    What limits this rung: z is written twice and read three times.

    Shapes: x (N, H, W, C); weight (KH, KW, C, CO); bias, mean, variance (CO,); z
    (N, OH, OW, CO).

    Args:
        x: images.
        weight: kernels.
        bias: added to each output channel.
        z: written.
        mean: written.
        variance: written; divided by the number of pixels.
        strides: of the convolution.
        pads: of the convolution, at the top and left.
    """
    convolution_forward_reference(x, weight, bias, z, strides, pads)
    np.maximum(z, 0, out=z)
    batch_normalization_statistics_reference(z.reshape(-1, z.shape[-1]), mean, variance)


def normalised_pooling_forward_reference(z, normalisation, y, selected, pool_size):
    """Compute y, the largest normalised pixel of each window.

    Normalises the whole map, then pools it. What limits this rung: the temporary.

    Shapes: z (N, H, W, C); y, selected (N, PH, PW, C).

    Args:
        z: images.
        normalisation: a `Normalisation`.
        y: written.
        selected: written; the pixel of z that y is made of, the first of equals.
        pool_size: rows and columns of a window, and between windows.
    """
    mean, variance, gamma, beta, epsilon = normalisation
    scale = gamma * reciprocal_deviation(variance, epsilon)
    z = _cropped(z, y.shape, pool_size)
    normalised = _windows((z - mean) * scale + beta, pool_size)
    y[...] = normalised.max(axis=3)
    index = normalised.argmax(axis=3)[..., np.newaxis, :]
    selected[...] = np.take_along_axis(_windows(z, pool_size), index, 3)[..., 0, :]


def normalised_convolution_backward_reference(
    x, weight, z, normalisation, selected, dy, gradients, options
):
    """Compute the gradients, given dy.

    What limits this rung: arrays as large as z are written three times.

    Shapes: x (N, H, W, C); weight (KH, KW, C, CO); z (N, OH, OW, CO); selected, dy
    (N, PH, PW, CO).

    Args:
        x: what `measured_convolution_forward` read.
        weight: kernels.
        z: what it wrote.
        normalisation: a `Normalisation`, by the batch's statistics.
        selected: what `normalised_pooling_forward` wrote.
        dy: gradient of the loss with respect to y.
        gradients: the `Gradients`, written.
        options: an `Options`.
    """
    mean, variance, gamma, _, epsilon = normalisation
    pool_size, CO = options.pool_size, z.shape[-1]
    windows = _windows(_cropped(z, dy.shape, pool_size), pool_size)
    equal = windows == selected[..., np.newaxis, :]
    first = equal & (np.cumsum(equal, axis=3) == 1)
    g = np.zeros_like(z)
    covered = _cropped(g, dy.shape, pool_size)
    covered[...] = _unwindowed(np.where(first, dy[..., np.newaxis, :], 0), pool_size)
    dz = np.empty_like(z)
    batch_normalization_backward_reference(
        z.reshape(-1, CO),
        mean,
        variance,
        gamma,
        epsilon,
        g.reshape(-1, CO),
        dz.reshape(-1, CO),
        gradients.d_gamma,
        gradients.d_beta,
    )
    dz[z <= 0] = 0
    _convolution_backward(x, weight, dz, gradients, options)


def normalised_convolution_inference_reference(
    x, weight, bias, normalisation, y, options
):
    """Compute y by the moving statistics.

    What limits this rung: the convolution's output is written and read four times.

    Shapes: x (N, H, W, C); weight (KH, KW, C, CO); bias (CO,); y (N, PH, PW, CO).

    Args:
        x: images.
        weight: kernels.
        bias: added to each output channel.
        normalisation: a `Normalisation`, by the moving statistics.
        y: written.
        options: an `Options`.
    """
    z = np.maximum(_covered(x, weight, bias, y.shape, options), 0)
    selected = np.empty_like(y)
    normalised_pooling_forward_reference(
        z, normalisation, y, selected, options.pool_size
    )


def _covered(x, weight, bias, y_shape, options):
    """Return the convolution, as far as windows reach."""
    z = np.empty(covered_shape(y_shape, options.pool_size), x.dtype)
    convolution_forward_reference(x, weight, bias, z, options.strides, options.pads)
    return z


def _convolution_backward(x, weight, dz, gradients, options):
    strides, pads, _ = options
    d_weight, d_bias, dx, _, _ = gradients
    convolution_backward_weight_reference(x, dz, d_weight, d_bias, strides, pads)
    if dx is not None:
        convolution_backward_input_reference(dz, weight, dx, strides, pads)


def _cropped(z, y_shape, pool_size):
    _, H, W, _ = covered_shape(y_shape, pool_size)
    return z[:, :H, :W]


def _windows(z, pool_size):
    """Return (N, PH, PW, KH·KW, C): each window's pixels, row by row."""
    N, H, W, C = z.shape
    KH, KW = pool_size
    windows = z.reshape(N, H // KH, KH, W // KW, KW, C).swapaxes(2, 3)
    return windows.reshape(N, H // KH, W // KW, KH * KW, C)


def _unwindowed(windows, pool_size):
    N, PH, PW, _, C = windows.shape
    KH, KW = pool_size
    z = windows.reshape(N, PH, PW, KH, KW, C).swapaxes(2, 3)
    return z.reshape(N, PH * KH, PW * KW, C)
