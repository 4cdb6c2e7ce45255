"""Convolution, ReLU, batch normalisation or none, and max pooling, in one.

What lies between the convolution and the end of pooling is several times as large as
what comes out. Here an image goes all the way while it is in the cache.

Without batch normalisation, only the maxima are kept, and which pixel of its window
each of them was: all that the way back needs, for the gradient of a maximum goes to
that pixel alone, and through ReLU if it is above 0. Pixels that no window reaches are
not even computed.

With batch normalisation there are two passes in training: the batch's mean and
variance have to be known before any pixel can be normalised.

    z = relu(convolution of x)                                    measured_convolution
    y = max over a window of (z − mean)·scale + beta              normalised_pooling
        scale = gamma / √(variance + epsilon)

The gradient. Of a window, only the first maximum has a gradient g = dy; every other
normalised pixel has g = 0. With r = 1/√(variance + epsilon) and M pixels per channel,
batch normalisation's own formulas then read

    d_beta = ∑ g        d_gamma = r · ∑ g·(z − mean)
    d_convolution = gamma·r·(g − d_beta/M − (z − mean)·r·d_gamma/M)  where z > 0, else 0

and both sums run over windows alone.

Windows lie side by side (strides = pool_size) without padding.
"""

from scratchnet.kernels.ladder import Operation
from scratchnet.kernels.pooled_convolution.direct import (
    measured_convolution_forward_direct,
    normalised_convolution_backward_direct,
    normalised_convolution_inference_direct,
    normalised_pooling_forward_direct,
    pooled_convolution_backward_direct,
    pooled_convolution_forward_direct,
)
from scratchnet.kernels.pooled_convolution.reference import (
    measured_convolution_forward_reference,
    normalised_convolution_backward_reference,
    normalised_convolution_inference_reference,
    normalised_pooling_forward_reference,
    pooled_convolution_backward_reference,
    pooled_convolution_forward_reference,
)
from scratchnet.kernels.pooled_convolution.winograd import (
    measured_convolution_forward_winograd,
    normalised_convolution_backward_winograd,
    normalised_convolution_inference_winograd,
    pooled_convolution_backward_winograd,
    pooled_convolution_forward_winograd,
)

pooled_convolution_forward = Operation(
    "pooled_convolution_forward",
    reference=pooled_convolution_forward_reference,
    direct=pooled_convolution_forward_direct,
    winograd=pooled_convolution_forward_winograd,
)
pooled_convolution_backward = Operation(
    "pooled_convolution_backward",
    reference=pooled_convolution_backward_reference,
    direct=pooled_convolution_backward_direct,
    winograd=pooled_convolution_backward_winograd,
)
measured_convolution_forward = Operation(
    "measured_convolution_forward",
    reference=measured_convolution_forward_reference,
    direct=measured_convolution_forward_direct,
    winograd=measured_convolution_forward_winograd,
)
normalised_pooling_forward = Operation(
    "normalised_pooling_forward",
    reference=normalised_pooling_forward_reference,
    direct=normalised_pooling_forward_direct,
)
normalised_convolution_backward = Operation(
    "normalised_convolution_backward",
    reference=normalised_convolution_backward_reference,
    direct=normalised_convolution_backward_direct,
    winograd=normalised_convolution_backward_winograd,
)
normalised_convolution_inference = Operation(
    "normalised_convolution_inference",
    reference=normalised_convolution_inference_reference,
    direct=normalised_convolution_inference_direct,
    winograd=normalised_convolution_inference_winograd,
)
