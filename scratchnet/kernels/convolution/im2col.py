"""Convolution, rung 2: unfold the windows, then one matrix product by BLAS.

Against `loops`: every window is copied into a row of a matrix, and the three passes
become products of matrices, which BLAS blocks for registers and caches:

    columns (N·OH·OW, KH·KW·C + 1): a row per window, a 1 at its end
    y        = columns · [weight; bias]
    [d_weight; d_bias] = columnsᵀ · dy
    d_columns = dy · weightᵀ, then folded: every column is added to the pixel it is of

The 1 lets the bias ride along as one more row of the weight, which saves a pass over
y and one over dy.

What limits this rung: a pixel is copied KH·KW times, into a matrix that is larger
than the caches, so memory is busy where arithmetic should be. BLAS fixes the order
of the sums: bits are repeatable at one number of threads.

Reference: Chellapilla, Puri & Simard (2006), "High performance convolutional neural
networks for document processing", section 3.
"""

import numpy as np
from numba import prange

from scratchnet.foundation import workspace
from scratchnet.kernels.machine.compile import parallel
from scratchnet.kernels.machine.silence import silent

# Images are unfolded in groups whose matrix takes no more than this, so that a large
# batch needs no more memory than a small one.
GROUP_BYTES = 16 << 20


@silent
def convolution_forward_im2col(x, weight, bias, y, strides, pads):
    """Compute y = columns · [weight; bias], a group of images at a time.

    Shapes and arguments as in `convolution_forward_reference`.
    """
    CO = bias.size
    K = weight.size // CO
    weight_and_bias = workspace.empty("convolution", "weight", (K + 1, CO), x.dtype)
    weight_and_bias[:K] = weight.reshape(K, CO)
    weight_and_bias[K] = bias
    for images in _groups(y, K + 1):
        columns = _empty_columns(y[images], K + 1)
        _unfold(x[images], columns, y.shape[1:3], weight.shape[:2], strides, pads)
        np.matmul(columns, weight_and_bias, out=y[images].reshape(-1, CO))


@silent
def convolution_backward_weight_im2col(x, dy, d_weight, d_bias, strides, pads):
    """Compute [d_weight; d_bias] = ∑ columnsᵀ · dy, a group of images at a time.

    Shapes and arguments as in `convolution_backward_weight_reference`.
    """
    CO = d_bias.size
    K = d_weight.size // CO
    product = workspace.empty("convolution", "weight", (K + 1, CO), x.dtype)
    for images in _groups(dy, K + 1):
        columns = _empty_columns(dy[images], K + 1)
        _unfold(x[images], columns, dy.shape[1:3], d_weight.shape[:2], strides, pads)
        np.matmul(columns.T, dy[images].reshape(-1, CO), out=product)
        if images.start == 0:
            d_weight[...] = product[:K].reshape(d_weight.shape)
            d_bias[...] = product[K]
        else:
            d_weight += product[:K].reshape(d_weight.shape)
            d_bias += product[K]


@silent
def convolution_backward_input_im2col(dy, weight, dx, strides, pads):
    """Fold d_columns = dy · weightᵀ back into dx, a group of images at a time.

    Shapes and arguments as in `convolution_backward_input_reference`.
    """
    CO = weight.shape[3]
    K = weight.size // CO
    for images in _groups(dy, K):
        d_columns = _empty_columns(dy[images], K)
        np.matmul(dy[images].reshape(-1, CO), weight.reshape(K, CO).T, out=d_columns)
        _fold(d_columns, dx[images], dy.shape[1:3], weight.shape[:2], strides, pads)


def _groups(y, K):
    """Yield slices of the batch whose columns fit into `GROUP_BYTES`."""
    N, OH, OW, _ = y.shape
    size = max(1, GROUP_BYTES // (OH * OW * K * y.itemsize))
    for first in range(0, N, size):
        yield slice(first, min(first + size, N))


def _empty_columns(y, K):
    N, OH, OW, _ = y.shape
    return workspace.empty("convolution", "columns", (N * OH * OW, K), y.dtype)


# Indices below are made unsigned: Numba tests a signed one for being negative, as
# Python has it, and that test keeps a loop from becoming vector instructions.


@parallel
def _unfold(x, columns, output_plane, kernel_size, strides, pads):
    """Copy every window of x into a row of columns, and write a 1 behind it.

    The KW pixels of a window's row lie next to each other in x, and so they do in
    columns: they are copied in one run, less what lies outside of x.
    """
    N, H, W, C = x.shape
    OH, OW = output_plane
    KH, KW = kernel_size
    for n in prange(N):
        pixels = x[n].reshape(H, W * C)
        for oh in range(OH):
            for ow in range(OW):
                window = columns[(np.intp(n) * OH + oh) * OW + ow]
                left = ow * strides[1] - pads[1]
                first = min(KW, max(0, -left)) * C
                last = max(first, min(KW, W - left) * C)
                for kh in range(KH):
                    h = oh * strides[0] + kh - pads[0]
                    run = kh * KW * C
                    if h < 0 or h >= H:
                        for k in range(run, run + KW * C):
                            window[np.uintp(k)] = 0
                        continue
                    for k in range(first):
                        window[np.uintp(run + k)] = 0
                    for k in range(first, last):
                        value = pixels[np.uintp(h), np.uintp(left * C + k)]
                        window[np.uintp(run + k)] = value
                    for k in range(last, KW * C):
                        window[np.uintp(run + k)] = 0
                window[KH * KW * C] = 1


@parallel
def _fold(d_columns, dx, output_plane, kernel_size, strides, pads):
    """Add every row of d_columns to the window of dx that it belongs to.

    One thread has all windows of an image: they overlap, and two threads would lose
    each other's additions.
    """
    N, H, W, C = dx.shape
    OH, OW = output_plane
    KH, KW = kernel_size
    for n in prange(N):
        pixels = dx[n].reshape(H, W * C)
        pixels[:] = 0
        for oh in range(OH):
            for ow in range(OW):
                window = d_columns[(np.intp(n) * OH + oh) * OW + ow]
                left = ow * strides[1] - pads[1]
                first = min(KW, max(0, -left)) * C
                last = max(first, min(KW, W - left) * C)
                for kh in range(KH):
                    h = oh * strides[0] + kh - pads[0]
                    if h < 0 or h >= H:
                        continue
                    run = kh * KW * C
                    for k in range(first, last):
                        value = window[np.uintp(run + k)]
                        pixels[np.uintp(h), np.uintp(left * C + k)] += value
