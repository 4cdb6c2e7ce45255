"""Depthwise convolution: every channel has kernels of its own; gradients and rungs.

For input x: (N, H, W, C), weight: (KH, KW, C, M), strides, pads and dilation as in
`grouped_convolution`, channel c of x makes the M channels c·M + m of y:

    y[n, oh, ow, c·M + m] = bias[c·M + m]
                            + ∑_{kh, kw} x[n, h, w, c] · weight[kh, kw, c, m]
    with h = oh·SH + kh·DH − PT and w = ow·SW + kw·DW − PL

It is a grouped convolution with C groups, and so has C times fewer products than one
that mixes all channels. The gradients:

    d_weight[kh, kw, c, m] = ∑_{n, oh, ow} x[n, h, w, c] · dy[n, oh, ow, c·M + m]
    dx[n, h, w, c]         = ∑ dy[n, oh, ow, c·M + m] · weight[kh, kw, c, m]

where the last sum runs over m and over those (oh, kh) and (ow, kw) that meet in (h, w).

Reference: Sifre (2014), "Rigid-motion scattering for image classification", section
6.2; Howard and others (2017), "MobileNets: efficient convolutional neural networks for
mobile vision applications", section 3.1.
"""

from scratchnet.kernels.depthwise_convolution import direct, reference
from scratchnet.kernels.ladder import operation

_rungs = reference, direct
depthwise_convolution_forward = operation("depthwise_convolution_forward", *_rungs)
depthwise_convolution_backward_weight = operation(
    "depthwise_convolution_backward_weight", *_rungs
)
depthwise_convolution_backward_input = operation(
    "depthwise_convolution_backward_input", *_rungs
)
