"""A fully connected layer, its gradients, and their ladder of rungs.

For x: (N, I), weight: (I, O) and bias: (O,):

    y = x · weight + bias

The gradients. With y[n, o] = bias[o] + ∑_i x[n, i] · weight[i, o], the chain rule
gives ∂loss/∂weight[i, o] = ∑_n ∂loss/∂y[n, o] · ∂y[n, o]/∂weight[i, o], and likewise
for the others:

    d_weight = xᵀ · dy        d_bias = ∑_n dy[n]        dx = dy · weightᵀ

Reference: Goodfellow, Bengio & Courville (2016), "Deep Learning", section 6.5.
"""

from scratchnet.kernels.dense import blas, direct, loops, reference
from scratchnet.kernels.ladder import operation

_rungs = reference, loops, blas, direct
dense_forward = operation("dense_forward", *_rungs)
dense_backward_weight = operation("dense_backward_weight", *_rungs)
dense_backward_input = operation("dense_backward_input", *_rungs)
