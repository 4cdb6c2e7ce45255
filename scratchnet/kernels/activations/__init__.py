"""Activations and their gradients.

relu works on flat arrays, softmax and log_softmax on the rows of a matrix; all others
are formulas in the frame of `elementwise`. ``x`` may be ``y``, unless the slope is one
of x, and ``dy`` may be ``dx``.
"""

# ruff: noqa: F401 (imported to be made, and for other rooms)

from scratchnet.kernels.activations import (
    exponential_units,
    gates,
    log_softmax,
    rectifiers,
    relu,
    sigmoid,
    softmax,
)
from scratchnet.kernels.activations.elementwise import FORMULAS
from scratchnet.kernels.activations.sigmoid import (
    sigmoid_backward,
    sigmoid_forward,
    tanh_backward,
    tanh_forward,
)
from scratchnet.kernels.ladder import operation

relu_forward = operation("relu_forward", relu)
relu_backward = operation("relu_backward", relu)
softmax_forward = operation("softmax_forward", softmax)
softmax_backward = operation("softmax_backward", softmax)
log_softmax_forward = operation("log_softmax_forward", log_softmax)
log_softmax_backward = operation("log_softmax_backward", log_softmax)
