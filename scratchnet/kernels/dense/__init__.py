"""A fully connected layer, its gradients, and their ladder of rungs.

For x: (N, I), weight: (I, O) and bias: (O,):

    y = x · weight + bias

The gradients. With y[n, o] = bias[o] + ∑_i x[n, i] · weight[i, o], the chain rule
gives ∂loss/∂weight[i, o] = ∑_n ∂loss/∂y[n, o] · ∂y[n, o]/∂weight[i, o], and likewise
for the others:

    d_weight = xᵀ · dy        d_bias = ∑_n dy[n]        dx = dy · weightᵀ

Reference: Goodfellow, Bengio & Courville (2016), "Deep Learning", section 6.5.
"""

from scratchnet.kernels.dense.blas import (
    dense_backward_input_blas,
    dense_backward_weight_blas,
    dense_forward_blas,
)
from scratchnet.kernels.dense.direct import (
    dense_backward_input_direct,
    dense_backward_weight_direct,
    dense_forward_direct,
)
from scratchnet.kernels.dense.loops import (
    dense_backward_input_loops,
    dense_backward_weight_loops,
    dense_forward_loops,
)
from scratchnet.kernels.dense.reference import (
    dense_backward_input_reference,
    dense_backward_weight_reference,
    dense_forward_reference,
)
from scratchnet.kernels.ladder import Operation

dense_forward = Operation(
    "dense_forward",
    reference=dense_forward_reference,
    loops=dense_forward_loops,
    blas=dense_forward_blas,
    direct=dense_forward_direct,
)
dense_backward_weight = Operation(
    "dense_backward_weight",
    reference=dense_backward_weight_reference,
    loops=dense_backward_weight_loops,
    blas=dense_backward_weight_blas,
    direct=dense_backward_weight_direct,
)
dense_backward_input = Operation(
    "dense_backward_input",
    reference=dense_backward_input_reference,
    loops=dense_backward_input_loops,
    blas=dense_backward_input_blas,
    direct=dense_backward_input_direct,
)
