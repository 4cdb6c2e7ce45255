"""Convolution with dilation and groups, rung 0: plain NumPy, obviously right.

As in `convolution/reference.py`, a sum over the kernel's positions of strided slices,
for one group after the other. What limits this rung: it walks through y once per
position of the kernel, on one thread, and copies x to pad it.
"""

import numpy as np

from scratchnet.kernels.convolution.windows import met_by, pad, span


def grouped_convolution_forward_reference(
    x, weight, bias, y, strides, pads, dilation, groups
):
    """Compute y = bias + ∑_{kh, kw} x[n, h, w] · weight[kh, kw], group by group.

    Shapes: x (N, H, W, C), weight (KH, KW, C/G, CO), bias (CO,), y (N, OH, OW, CO).

    Args:
        x: images.
        weight: kernel.
        bias: one value per output channel.
        y: written.
        strides: rows and columns between windows, 1 where dilation is above 1.
        pads: rows above and columns left of x that count as 0.
        dilation: rows and columns between neighbours in a window, each at least 1.
        groups: G; C and CO are multiples of it.
    """
    plane, size = y.shape[1:3], span(weight.shape[:2], dilation)
    padded = pad(x, plane, size, strides, pads)
    y[...] = bias
    for pixels, inputs, outputs, kh, kw in _terms(
        weight.shape, x.shape[3], plane, strides, dilation, groups
    ):
        part, own = padded[pixels][..., inputs], weight[kh, kw, :, outputs]
        y[..., outputs] += np.einsum("nhwc,cd->nhwd", part, own)


def grouped_convolution_backward_weight_reference(
    x, dy, d_weight, d_bias, strides, pads, dilation, groups
):
    """Compute d_weight[kh, kw] = ∑_{n, oh, ow} x[n, h, w] · dy[n, oh, ow].

    Shapes: x (N, H, W, C), dy (N, OH, OW, CO), d_weight (KH, KW, C/G, CO),
    d_bias (CO,).

    Args:
        x: images.
        dy: gradient of the loss with respect to y.
        d_weight: written.
        d_bias: written; the sum of dy over everything but the channel.
        strides: rows and columns between windows.
        pads: rows above and columns left of x that count as 0.
        dilation: rows and columns between neighbours in a window.
        groups: G.
    """
    plane, size = dy.shape[1:3], span(d_weight.shape[:2], dilation)
    padded = pad(x, plane, size, strides, pads)
    d_bias[...] = dy.sum(axis=(0, 1, 2))
    for pixels, inputs, outputs, kh, kw in _terms(
        d_weight.shape, x.shape[3], plane, strides, dilation, groups
    ):
        part = padded[pixels][..., inputs]
        d_weight[kh, kw, :, outputs] = np.einsum(
            "nhwc,nhwd->cd", part, dy[..., outputs]
        )


def grouped_convolution_backward_input_reference(
    dy, weight, dx, strides, pads, dilation, groups
):
    """Sum dy[n, oh, ow] · weight[kh, kw]ᵀ up in dx[n, h, w], over every kh and kw.

    Shapes: dy (N, OH, OW, CO), weight (KH, KW, C/G, CO), dx (N, H, W, C).

    Args:
        dy: gradient of the loss with respect to y.
        weight: kernel.
        dx: written.
        strides: rows and columns between windows.
        pads: rows above and columns left of x that count as 0.
        dilation: rows and columns between neighbours in a window.
        groups: G.
    """
    plane, size = dy.shape[1:3], span(weight.shape[:2], dilation)
    H, W = dx.shape[1:3]
    d_padded = pad(np.zeros_like(dx), plane, size, strides, pads)
    for pixels, inputs, outputs, kh, kw in _terms(
        weight.shape, dx.shape[3], plane, strides, dilation, groups
    ):
        own = weight[kh, kw, :, outputs]
        d_padded[pixels][..., inputs] += np.einsum(
            "nhwd,cd->nhwc", dy[..., outputs], own
        )
    dx[...] = d_padded[:, pads[0] : pads[0] + H, pads[1] : pads[1] + W]


def _terms(shape, channels, plane, strides, dilation, groups):
    """Yield, for each group and position of the kernel, what it meets and makes."""
    KH, KW, _, CO = shape
    C, CO = channels // groups, CO // groups
    for g in range(groups):
        inputs, outputs = slice(g * C, (g + 1) * C), slice(g * CO, (g + 1) * CO)
        for kh in range(KH):
            for kw in range(KW):
                pixels = met_by(kh * dilation[0], kw * dilation[1], plane, strides)
                yield pixels, inputs, outputs, kh, kw
