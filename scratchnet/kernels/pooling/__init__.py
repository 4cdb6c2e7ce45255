"""Pooling: windows reduced to their maximum or mean, channel by channel.

A window of y[n, oh, ow] covers the pixels x[n, h, w] with

    h = oh·SH + kh − PT,  0 ≤ kh < KH     and     w = ow·SW + kw − PL,  0 ≤ kw < KW

for pool_size (KH, KW), strides (SH, SW) and pads (PT, PL). What lies outside of x
does not take part: padding is never the maximum, and is not counted in a mean.
"""

from scratchnet.kernels.ladder import operation
from scratchnet.kernels.pooling import average_pooling, global_max_pooling, max_pooling

max_pooling_forward = operation("max_pooling_forward", max_pooling)
max_pooling_backward = operation("max_pooling_backward", max_pooling)
average_pooling_forward = operation("average_pooling_forward", average_pooling)
average_pooling_backward = operation("average_pooling_backward", average_pooling)
global_max_pooling_forward = operation("global_max_pooling_forward", global_max_pooling)
global_max_pooling_backward = operation(
    "global_max_pooling_backward", global_max_pooling
)
