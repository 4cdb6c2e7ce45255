"""Convolution with dilation and groups, its two gradients, and their ladder of rungs.

A window may have gaps: with dilation (DH, DW) its positions lie DH rows and DW columns
apart, so that few weights see far. And it may see a part of the channels only: with G
groups, the g-th C/G input channels make the g-th CO/G output channels, and nothing
else. For weight: (KH, KW, C/G, CO), and strides and pads as in `convolution`:

    y[n, oh, ow, co] = bias[co]
                       + ∑_{kh, kw, c} x[n, h, w, c₀ + c] · weight[kh, kw, c, co]
    with h = oh·SH + kh·DH − PT, w = ow·SW + kw·DW − PL and c₀ = ⌊co / (CO/G)⌋ · C/G

Its gradients are those of `convolution`, with these h, w and c. Where dilation is
above 1, strides are 1, as in Keras.

References: Yu & Koltun (2016), "Multi-scale context aggregation by dilated
convolutions"; Krizhevsky, Sutskever & Hinton (2012), "ImageNet classification with deep
convolutional neural networks", section 3.5, for groups.
"""

from scratchnet.kernels.grouped_convolution import direct, reference
from scratchnet.kernels.ladder import operation

_rungs = reference, direct
grouped_convolution_forward = operation("grouped_convolution_forward", *_rungs)
grouped_convolution_backward_weight = operation(
    "grouped_convolution_backward_weight", *_rungs
)
grouped_convolution_backward_input = operation(
    "grouped_convolution_backward_input", *_rungs
)
