"""The winograd rung: fewer multiplications in the convolution.

Against `direct`: see `scratchnet.kernels.convolution.winograd`. What limits this rung:
the same as there.
"""

from scratchnet.kernels.convolution import winograd
from scratchnet.kernels.pooled_convolution.passes import (
    measured_forward,
    normalised_backward,
    normalised_channels,
    pooled_backward,
    pooled_forward,
)


def pooled_convolution_forward_winograd(
    x, weight, bias, y, chosen, strides, pads, pool_size
):
    """Compute y and ``chosen``, image by image.

    Shapes and arguments as in `pooled_convolution_forward_reference`.
    """
    pooled_forward(
        winograd.forward, x, weight, bias, y, chosen, strides, pads, pool_size
    )


def pooled_convolution_backward_winograd(
    x, weight, dy, chosen, d_weight, d_bias, dx, strides, pads, pool_size
):
    """Compute the gradients, image by image.

    Shapes and arguments as in `pooled_convolution_backward_reference`.
    """
    pooled_backward(
        winograd.backward,
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


def measured_convolution_forward_winograd(
    x, weight, bias, z, mean, variance, strides, pads
):
    """Compute z, and the statistics of each image while it is in the cache.

    Shapes and arguments as in `measured_convolution_forward_reference`.
    """
    measured_forward(
        winograd.forward, x, weight, bias, z, mean, variance, strides, pads
    )


def normalised_convolution_backward_winograd(
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
        winograd.backward,
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


def normalised_convolution_inference_winograd(
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
        winograd.forward, x, weight, bias, y, None, strides, pads, pool_size, channels
    )
