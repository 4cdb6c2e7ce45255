"""The direct rung: register tiles, and no array as large as the convolution's output.

Against `reference`: an image's convolution is pooled right after it is computed, and
its gradient is made right before it is used, both in a thread's own memory. What limits
this rung: the multiplications of the convolution; and, with batch normalisation, one
way to memory for its output.
"""

from scratchnet.kernels.convolution import direct
from scratchnet.kernels.pooled_convolution.passes import (
    measured_forward,
    normalised_backward,
    normalised_channels,
    pool_normalised,
    pooled_backward,
    pooled_forward,
)


def pooled_convolution_forward_direct(
    x, weight, bias, y, chosen, strides, pads, pool_size
):
    """Compute y and ``chosen``, image by image.

    Shapes and arguments as in `pooled_convolution_forward_reference`.
    """
    pooled_forward(direct.forward, x, weight, bias, y, chosen, strides, pads, pool_size)


def pooled_convolution_backward_direct(
    x, weight, dy, chosen, d_weight, d_bias, dx, strides, pads, pool_size
):
    """Compute the gradients, image by image.

    Shapes and arguments as in `pooled_convolution_backward_reference`.
    """
    pooled_backward(
        direct.backward,
        x,
        weight,
        dy,
        chosen,
        d_weight,
        d_bias,
        dx,
        strides,
        pads,
        pool_size,
    )


def measured_convolution_forward_direct(
    x, weight, bias, z, mean, variance, strides, pads
):
    """Compute z, and the statistics of each image while it is in the cache.

    Shapes and arguments as in `measured_convolution_forward_reference`.
    """
    measured_forward(direct.forward, x, weight, bias, z, mean, variance, strides, pads)


def normalised_convolution_backward_direct(
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
    """Compute the gradients: sums over windows, then image by image.

    Shapes and arguments as in `normalised_convolution_backward_reference`.
    """
    normalised_backward(
        direct.backward,
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
    )


def normalised_convolution_inference_direct(
    x,
    weight,
    bias,
    moving_mean,
    moving_variance,
    gamma,
    beta,
    epsilon,
    y,
    strides,
    pads,
    pool_size,
):
    """Compute y, image by image.

    Shapes and arguments as in `normalised_convolution_inference_reference`.
    """
    channels = normalised_channels(moving_mean, moving_variance, gamma, beta, epsilon)
    pooled_forward(
        direct.forward, x, weight, bias, y, None, strides, pads, pool_size, channels
    )


def normalised_pooling_forward_direct(
    z, mean, variance, gamma, beta, epsilon, y, selected, pool_size
):
    """Compute y and ``selected``, a register of channels at a time.

    Shapes and arguments as in `normalised_pooling_forward_reference`.
    """
    channels = normalised_channels(mean, variance, gamma, beta, epsilon)
    pool_normalised(z, channels, y, selected, pool_size)
