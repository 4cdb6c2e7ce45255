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

from scratchnet.kernels.compile import parallel

# Images are cut into at most this many chunks with a d_weight of their own. More
# would occupy more cores, and take more memory.
CHUNKS = 8


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
                            for co in range(CO):
                                total[co] += value * weight[kh, kw, c, co]


@parallel
def convolution_backward_weight_loops(x, dy, d_weight, d_bias, strides, pads):
    """Compute d_weight[kh, kw, c] = ∑_{n, oh, ow} x[n, h, w, c] · dy[n, oh, ow].

    Every chunk of images sums into arrays of its own, since two threads that add to
    one array would lose each other's additions; then the chunks are added in order.

    Shapes and arguments as in `convolution_backward_weight_reference`.
    """
    N, H, W, C = x.shape
    KH, KW, _, CO = d_weight.shape
    _, OH, OW, _ = dy.shape
    chunks = min(N, CHUNKS)
    d_weights = np.zeros((chunks, KH, KW, C, CO), d_weight.dtype)
    d_biases = np.zeros((chunks, CO), d_bias.dtype)
    for chunk in prange(chunks):
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
    d_weight[...] = 0
    d_bias[...] = 0
    for chunk in range(chunks):
        d_weight += d_weights[chunk]
        d_bias += d_biases[chunk]


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
                            for c in range(C):
                                total[c] += value * weight[kh, kw, co, c]
