"""Convolution, rung 0: plain NumPy, written to be obviously right.

For one position (kh, kw) of the kernel, the pixels it meets in all windows are a
strided slice of the padded images, and the convolution is a sum over KH·KW such
slices. `np.einsum` is kept from BLAS (no ``optimize``), so that the order of its sums
does not depend on threads. What limits this rung: it walks through y once per kernel
position, on one thread, and copies x to pad it.
"""

import numpy as np

from scratchnet.kernels.convolution.windows import met_by, pad


def convolution_forward_reference(x, weight, bias, y, strides, pads):
    """Compute y[n, oh, ow] = bias + ∑_{kh, kw} x[n, h, w] · weight[kh, kw].

    Shapes: x (N, H, W, C), weight (KH, KW, C, CO), bias (CO,), y (N, OH, OW, CO).

    Args:
        x: images.
        weight: kernel.
        bias: one value per output channel.
        y: written.
        strides: rows and columns between windows, each at least 1.
        pads: rows above and columns left of x that count as 0.
    """
    KH, KW = weight.shape[:2]
    OH, OW = y.shape[1:3]
    padded = pad(x, (OH, OW), (KH, KW), strides, pads)
    y[...] = bias
    for kh in range(KH):
        for kw in range(KW):
            pixels = padded[met_by(kh, kw, (OH, OW), strides)]
            y += np.einsum("nhwc,cd->nhwd", pixels, weight[kh, kw])


def convolution_backward_weight_reference(x, dy, d_weight, d_bias, strides, pads):
    """Compute d_weight[kh, kw] = ∑_{n, oh, ow} x[n, h, w] · dy[n, oh, ow].

    Shapes: x (N, H, W, C), dy (N, OH, OW, CO), d_weight (KH, KW, C, CO),
    d_bias (CO,).

    Args:
        x: images.
        dy: gradient of the loss with respect to y.
        d_weight: written.
        d_bias: written; the sum of dy over everything but the channel.
        strides: rows and columns between windows.
        pads: rows above and columns left of x that count as 0.
    """
    KH, KW = d_weight.shape[:2]
    OH, OW = dy.shape[1:3]
    padded = pad(x, (OH, OW), (KH, KW), strides, pads)
    d_bias[...] = dy.sum(axis=(0, 1, 2))
    for kh in range(KH):
        for kw in range(KW):
            pixels = padded[met_by(kh, kw, (OH, OW), strides)]
            d_weight[kh, kw] = np.einsum("nhwc,nhwd->cd", pixels, dy)


def convolution_backward_input_reference(dy, weight, dx, strides, pads):
    """Sum dy[n, oh, ow] · weight[kh, kw]ᵀ up in dx[n, h, w], over every kh and kw.

    Shapes: dy (N, OH, OW, CO), weight (KH, KW, C, CO), dx (N, H, W, C).

    Args:
        dy: gradient of the loss with respect to y.
        weight: kernel.
        dx: written.
        strides: rows and columns between windows.
        pads: rows above and columns left of x that count as 0.
    """
    KH, KW = weight.shape[:2]
    OH, OW = dy.shape[1:3]
    H, W = dx.shape[1:3]
    d_padded = pad(np.zeros_like(dx), (OH, OW), (KH, KW), strides, pads)
    for kh in range(KH):
        for kw in range(KW):
            pixels = met_by(kh, kw, (OH, OW), strides)
            d_padded[pixels] += np.einsum("nhwd,cd->nhwc", dy, weight[kh, kw])
    dx[...] = d_padded[:, pads[0] : pads[0] + H, pads[1] : pads[1] + W]
