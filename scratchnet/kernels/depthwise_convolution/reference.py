"""Depthwise convolution, rung 0: plain NumPy, obviously right.

For one position of the kernel, the pixels that it meets in all windows are a strided
slice of the padded images; the sum is over KH·KW such slices. What limits this rung: it
walks through y once per position, on one thread, and copies x to pad it.
"""

import numpy as np

from scratchnet.kernels.convolution.windows import met_by, pad, span


def depthwise_convolution_forward_reference(
    x, weight, bias, y, strides, pads, dilation
):
    """Compute y = bias + ∑_{kh, kw} x[n, h, w, c] · weight[kh, kw, c].

    Shapes: x (N, H, W, C), weight (KH, KW, C, M), bias (C·M,), y (N, OH, OW, C·M).

    Args:
        x: images.
        weight: kernels.
        bias: one value per output channel.
        y: written.
        strides: rows and columns between windows.
        pads: rows above and columns left of x that count as 0.
        dilation: rows and columns between neighbours in a window.
    """
    plane, size = y.shape[1:3], span(weight.shape[:2], dilation)
    padded = pad(x, plane, size, strides, pads)
    y[...] = bias
    for kh, kw in np.ndindex(weight.shape[:2]):
        pixels = padded[met_by(kh * dilation[0], kw * dilation[1], plane, strides)]
        y += (pixels[..., np.newaxis] * weight[kh, kw]).reshape(y.shape)


def depthwise_convolution_backward_weight_reference(
    x, dy, d_weight, d_bias, strides, pads, dilation
):
    """Compute d_weight[kh, kw, c] = ∑_{n, oh, ow} x[n, h, w, c] · dy[n, oh, ow].

    Shapes: x (N, H, W, C), dy (N, OH, OW, C·M), d_weight (KH, KW, C, M), d_bias (C·M,).

    Args:
        x: images.
        dy: gradient of the loss with respect to y.
        d_weight: written.
        d_bias: written; the sum of dy over everything but the channel.
        strides: rows and columns between windows.
        pads: rows above and columns left of x that count as 0.
        dilation: rows and columns between neighbours in a window.
    """
    plane, size = dy.shape[1:3], span(d_weight.shape[:2], dilation)
    padded = pad(x, plane, size, strides, pads)
    by_channel = dy.reshape(*dy.shape[:3], *d_weight.shape[2:])
    d_bias[...] = dy.sum(axis=(0, 1, 2))
    for kh, kw in np.ndindex(d_weight.shape[:2]):
        pixels = padded[met_by(kh * dilation[0], kw * dilation[1], plane, strides)]
        d_weight[kh, kw] = np.einsum("nhwc,nhwcm->cm", pixels, by_channel)


def depthwise_convolution_backward_input_reference(
    dy, weight, dx, strides, pads, dilation
):
    """Sum dy[n, oh, ow] · weight[kh, kw, c] up in dx[n, h, w, c], over kh, kw and m.

    Shapes: dy (N, OH, OW, C·M), weight (KH, KW, C, M), dx (N, H, W, C).

    Args:
        dy: gradient of the loss with respect to y.
        weight: kernels.
        dx: written.
        strides: rows and columns between windows.
        pads: rows above and columns left of x that count as 0.
        dilation: rows and columns between neighbours in a window.
    """
    plane, size = dy.shape[1:3], span(weight.shape[:2], dilation)
    H, W = dx.shape[1:3]
    d_padded = pad(np.zeros_like(dx), plane, size, strides, pads)
    by_channel = dy.reshape(*dy.shape[:3], *weight.shape[2:])
    for kh, kw in np.ndindex(weight.shape[:2]):
        pixels = met_by(kh * dilation[0], kw * dilation[1], plane, strides)
        d_padded[pixels] += (by_channel * weight[kh, kw]).sum(axis=4)
    dx[...] = d_padded[:, pads[0] : pads[0] + H, pads[1] : pads[1] + W]
