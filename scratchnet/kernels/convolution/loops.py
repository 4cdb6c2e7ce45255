"""Convolution, rung 1: the textbook loops, compiled by Numba.

Against `reference`: no padded copy (rows and columns outside of x are skipped), no
temporary, images spread over threads, and the channels innermost, where they are
contiguous and the compiler turns the loop into vector instructions.

What limits this rung: each multiplication loads and stores the sum it adds to. A
core can multiply two vectors per cycle, but can store only one, so most of
its arithmetic stands idle. `im2col` leaves the blocking that avoids this to BLAS.

The order of every sum depends on shapes alone: an image is the work of one thread in
`forward` and `backward_input`, and `backward_weight` adds up a fixed number of
chunks in a fixed order. Any number of threads gives the same bits.
"""

import numpy as np
from numba import prange

from scratchnet.kernels.convolution.jobs import CHUNKS
from scratchnet.kernels.machine.compile import parallel
from scratchnet.kernels.machine.silence import silent


@parallel
def convolution_forward_loops(x, weight, bias, y, strides, pads):
    """Compute y[n, oh, ow] = bias + ∑_{kh, kw, c} x[n, h, w, c] · weight[kh, kw, c].

    Shapes and arguments as in `convolution_forward_reference`.
    """
    N, H, W, C = x.shape
    KH, KW, _, CO = weight.shape
    _, OH, OW, _ = y.shape
    for n in prange(N):
        for oh in range(OH):
            for ow in range(OW):
                total = y[n, oh, ow]
                for co in range(CO):
                    total[co] = bias[co]
                for kh in range(KH):
                    h = oh * strides[0] + kh - pads[0]
                    if h < 0 or h >= H:
                        continue
                    for kw in range(KW):
                        w = ow * strides[1] + kw - pads[1]
                        if w < 0 or w >= W:
                            continue
                        for c in range(C):
                            value = x[n, h, w, c]
                            row = weight[kh, kw, c]
                            for co in range(CO):
                                total[co] += value * row[co]


@silent
def convolution_backward_weight_loops(x, dy, d_weight, d_bias, strides, pads):
    """Compute d_weight[kh, kw, c] = ∑_{n, oh, ow} x[n, h, w, c] · dy[n, oh, ow].

    Every chunk of images sums into arrays of its own, since two threads that add to
    one array would lose each other's additions; then the chunks are added in order.

    Shapes and arguments as in `convolution_backward_weight_reference`.
    """
    chunks = min(len(x), CHUNKS)
    d_weights = np.empty((chunks, *d_weight.shape), d_weight.dtype)
    d_biases = np.empty((chunks, *d_bias.shape), d_bias.dtype)
    _backward_weight(x, dy, d_weights, d_biases, strides, pads)
    np.sum(d_weights, axis=0, out=d_weight)
    np.sum(d_biases, axis=0, out=d_bias)


@parallel
def _backward_weight(x, dy, d_weights, d_biases, strides, pads):
    N, H, W, C = x.shape
    chunks, KH, KW, _, CO = d_weights.shape
    _, OH, OW, _ = dy.shape
    for chunk in prange(chunks):
        d_weights[chunk] = 0
        d_biases[chunk] = 0
        first = np.intp(chunk) * N // chunks
        last = (np.intp(chunk) + 1) * N // chunks
        for n in range(first, last):
            for oh in range(OH):
                for ow in range(OW):
                    gradient = dy[n, oh, ow]
                    for co in range(CO):
                        d_biases[chunk, co] += gradient[co]
                    for kh in range(KH):
                        h = oh * strides[0] + kh - pads[0]
                        if h < 0 or h >= H:
                            continue
                        for kw in range(KW):
                            w = ow * strides[1] + kw - pads[1]
                            if w < 0 or w >= W:
                                continue
                            for c in range(C):
                                value = x[n, h, w, c]
                                total = d_weights[chunk, kh, kw, c]
                                for co in range(CO):
                                    total[co] += value * gradient[co]


def convolution_backward_input_loops(dy, weight, dx, strides, pads):
    """Add dy[n, oh, ow, co] · weight[kh, kw, :, co] to dx[n, h, w], for all windows.

    The input's channels are to be innermost, so the kernel is transposed once.

    Shapes and arguments as in `convolution_backward_input_reference`.
    """
    transposed = np.ascontiguousarray(weight.transpose(0, 1, 3, 2))
    _backward_input(dy, transposed, dx, strides, pads)


@parallel
def _backward_input(dy, weight, dx, strides, pads):
    N, H, W, C = dx.shape
    KH, KW, CO, _ = weight.shape
    _, OH, OW, _ = dy.shape
    for n in prange(N):
        dx[n] = 0
        for oh in range(OH):
            for ow in range(OW):
                for kh in range(KH):
                    h = oh * strides[0] + kh - pads[0]
                    if h < 0 or h >= H:
                        continue
                    for kw in range(KW):
                        w = ow * strides[1] + kw - pads[1]
                        if w < 0 or w >= W:
                            continue
                        total = dx[n, h, w]
                        for co in range(CO):
                            value = dy[n, oh, ow, co]
                            row = weight[kh, kw, co]
                            for c in range(C):
                                total[c] += value * row[c]
