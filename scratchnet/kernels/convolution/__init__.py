"""Convolution of an image batch, its two gradients, and their ladder of rungs.

For input x: (N, H, W, C), weight: (KH, KW, C, CO), strides (SH, SW) and pads (PT, PL)
at the top and left (what lies outside of x counts as 0):

    y[n, oh, ow, co] = bias[co] + ∑_{kh, kw, c} x[n, h, w, c] · weight[kh, kw, c, co]
    with h = oh·SH + kh − PT and w = ow·SW + kw − PL

(a cross-correlation: the kernel is not flipped). Padding at the bottom and right
follows from y's shape.

The gradients. y is linear in each argument, so each term x · weight of the sum
hands dy to one factor, multiplied by the other; collecting what each receives:

    d_weight[kh, kw, c, co] = ∑_{n, oh, ow} x[n, h, w, c] · dy[n, oh, ow, co]
    d_bias[co]              = ∑_{n, oh, ow} dy[n, oh, ow, co]
    dx[n, h, w, c]          = ∑ dy[n, oh, ow, co] · weight[kh, kw, c, co]

where the last sum runs over co and over those (oh, kh) and (ow, kw) that meet in
(h, w). All three take the same number of multiplications.

Reference: Dumoulin & Visin (2016), "A guide to convolution arithmetic for deep
learning", chapters 2 and 4.
"""

from scratchnet.kernels.convolution import direct, im2col, loops, reference, winograd
from scratchnet.kernels.ladder import operation

_rungs = reference, loops, im2col, direct, winograd
convolution_forward = operation("convolution_forward", *_rungs)
convolution_backward_weight = operation("convolution_backward_weight", *_rungs)
convolution_backward_input = operation("convolution_backward_input", *_rungs)
