"""Batch normalisation of x (M, C): every channel to mean 0 and variance 1.

M counts what a channel has: N, or N·H·W for images. In training, with the batch's own

    mean[c] = 1/M ∑_m x[m, c]        variance[c] = 1/M ∑_m (x[m, c] − mean[c])²
    x̂ = (x − mean) · r               r = 1/√(variance + epsilon)
    y = gamma · x̂ + beta

and at inference with the moving averages of both. The variance is the biased one and
takes two passes: E[x²] − E[x]² loses all digits where the mean is large.

The gradients. d_beta = ∑ dy and d_gamma = ∑ dy·x̂, for y is linear in both. x also
acts through mean and variance. With g = gamma·dy, the gradient of x̂:
∂loss/∂variance = ∑ g·(x − mean) · (−r³/2), which ∂variance/∂x = 2(x − mean)/M turns
into −r·x̂·(∑ g·x̂)/M; and ∂loss/∂mean = −r·∑ g (the variance does not change with the
mean, as ∑ (x − mean) = 0), which ∂mean/∂x = 1/M turns into −r·(∑ g)/M. Together:

    dx = gamma·r · (dy − d_beta/M − x̂·d_gamma/M)

At inference mean and variance are constants, and dx = gamma·r·dy.

Sums are kept in float64 whatever the arrays' type is. A float32 sum of M = 43,264 rows
(64 images of 26 × 26) may lose a factor of M of its precision in the worst case, and
loses √M of it by chance; in float64 it is right to the last bit or two of
a float32, at least as good as the sums of Keras, and the conversion costs
nothing next to reading x from memory.

Reference: Ioffe & Szegedy (2015), "Batch normalization: accelerating deep network
training by reducing internal covariate shift", section 3.
"""

from scratchnet.kernels.batch_normalization import loops, reference
from scratchnet.kernels.ladder import operation

_rungs = reference, loops
batch_normalization_statistics = operation("batch_normalization_statistics", *_rungs)
batch_normalization_forward = operation("batch_normalization_forward", *_rungs)
batch_normalization_inference = operation("batch_normalization_inference", *_rungs)
batch_normalization_backward = operation("batch_normalization_backward", *_rungs)
batch_normalization_backward_inference = operation(
    "batch_normalization_backward_inference", *_rungs
)
