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

import functools
import inspect

from scratchnet.kernels.convolution import direct, winograd
from scratchnet.kernels.ladder import Operation, operation
from scratchnet.kernels.pooled_convolution import passes, reference


def _on_both(name):
    """Return an operation: its reference, and its pass on both algorithms."""
    rungs = {"reference": getattr(reference, f"{name}_reference")}
    a_pass = getattr(passes, f"{name}_on")
    for rung, algorithm in (("direct", direct), ("winograd", winograd)):
        made = functools.partial(a_pass, algorithm)
        made.__signature__ = inspect.signature(made)  # without the algorithm
        functools.update_wrapper(made, a_pass)
        made.__name__ = f"{name}_{rung}"
        rungs[rung] = made
    return Operation(name, **rungs)


pooled_convolution_forward = _on_both("pooled_convolution_forward")
pooled_convolution_backward = _on_both("pooled_convolution_backward")
measured_convolution_forward = _on_both("measured_convolution_forward")
normalised_convolution_backward = _on_both("normalised_convolution_backward")
normalised_convolution_inference = _on_both("normalised_convolution_inference")
normalised_pooling_forward = operation("normalised_pooling_forward", reference, passes)
