"""Convolution, rung 0: plain NumPy, written to be obviously right.

For one position (kh, kw) of the kernel, the pixels it meets in all windows are a
strided slice of the padded images, and the convolution is a sum over KH·KW such
slices. `np.einsum` is kept from BLAS (no ``optimize``), so that the order of its sums
does not depend on threads. What limits this rung: it walks through y once per kernel
position, on one thread, and copies x to pad it.
"""

import numpy as np


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
    padded = _pad(x, (KH, KW), (OH, OW), strides, pads)
    y[...] = bias
    for kh in range(KH):
        for kw in range(KW):
            pixels = padded[_met_by(kh, kw, (OH, OW), strides)]
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
    padded = _pad(x, (KH, KW), (OH, OW), strides, pads)
    d_bias[...] = dy.sum(axis=(0, 1, 2))
    for kh in range(KH):
        for kw in range(KW):
            pixels = padded[_met_by(kh, kw, (OH, OW), strides)]
            d_weight[kh, kw] = np.einsum("nhwc,nhwd->cd", pixels, dy)


def convolution_backward_input_reference(dy, weight, dx, strides, pads):
    """Add dy[n, oh, ow] · weight[kh, kw]ᵀ to dx[n, h, w], for every kh and kw.

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
    d_padded = _pad(np.zeros_like(dx), (KH, KW), (OH, OW), strides, pads)
    for kh in range(KH):
        for kw in range(KW):
            pixels = _met_by(kh, kw, (OH, OW), strides)
            d_padded[pixels] += np.einsum("nhwd,cd->nhwc", dy, weight[kh, kw])
    dx[...] = d_padded[:, pads[0] : pads[0] + H, pads[1] : pads[1] + W]


def _pad(x, kernel_size, output_plane, strides, pads):
    """Return x with zeros around it, large enough for the last window."""
    widths = [(0, 0)]
    for axis in (0, 1):
        needed = (output_plane[axis] - 1) * strides[axis] + kernel_size[axis]
        after = max(0, needed - pads[axis] - x.shape[1 + axis])
        widths.append((pads[axis], after))
    return np.pad(x, [*widths, (0, 0)])


def _met_by(kh, kw, output_plane, strides):
    """Index the padded pixels that kernel position (kh, kw) meets, one per window."""
    rows = slice(kh, kh + (output_plane[0] - 1) * strides[0] + 1, strides[0])
    columns = slice(kw, kw + (output_plane[1] - 1) * strides[1] + 1, strides[1])
    return slice(None), rows, columns
