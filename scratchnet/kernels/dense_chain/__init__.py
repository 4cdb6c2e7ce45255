"""Dense layers one after the other, without waiting for each other.

    y₁ = f₁(x · W₁ + b₁),  y₂ = f₂(y₁ · W₂ + b₂),  ...

A row of a dense layer's result rests on the same row of its input and on no other.
So a thread can take some rows of the batch through all layers: what one layer wrote is
in the thread's own cache when the next one reads it, and threads meet once for the
whole chain instead of once for each layer. On the way back, with dz[l] = ∂loss/∂z[l] of
the sums z[l] that an activation is given, so it is with

    dz[l − 1] = f′ · (dz[l] · W[l]ᵀ)

but not with the weights' gradients, which are sums over all rows.

Reference: Goodfellow, Bengio & Courville (2016), "Deep Learning", section 6.5.
"""

from scratchnet.kernels.dense_chain import backward, forward, reference
from scratchnet.kernels.ladder import operation

dense_chain_forward = operation("dense_chain_forward", reference, forward)
dense_chain_backward = operation("dense_chain_backward", reference, backward)
