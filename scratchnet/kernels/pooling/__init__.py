"""Pooling: windows reduced to their maximum or mean, channel by channel.

A window of y[n, oh, ow] covers the pixels x[n, h, w] with

    h = oh·SH + kh − PT,  0 ≤ kh < KH     and     w = ow·SW + kw − PL,  0 ≤ kw < KW

for pool_size (KH, KW), strides (SH, SW) and pads (PT, PL). What lies outside of x
does not take part: padding is never the maximum, and is not counted in a mean.
"""

from scratchnet.kernels.ladder import Operation
from scratchnet.kernels.pooling.average_pooling import (
    average_pooling_backward_loops,
    average_pooling_backward_reference,
    average_pooling_forward_loops,
    average_pooling_forward_reference,
)
from scratchnet.kernels.pooling.max_pooling import (
    max_pooling_backward_loops,
    max_pooling_backward_reference,
    max_pooling_forward_loops,
    max_pooling_forward_reference,
)

max_pooling_forward = Operation(
    "max_pooling_forward",
    reference=max_pooling_forward_reference,
    loops=max_pooling_forward_loops,
)
max_pooling_backward = Operation(
    "max_pooling_backward",
    reference=max_pooling_backward_reference,
    loops=max_pooling_backward_loops,
)
average_pooling_forward = Operation(
    "average_pooling_forward",
    reference=average_pooling_forward_reference,
    loops=average_pooling_forward_loops,
)
average_pooling_backward = Operation(
    "average_pooling_backward",
    reference=average_pooling_backward_reference,
    loops=average_pooling_backward_loops,
)
