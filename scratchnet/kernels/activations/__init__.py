"""Activations and their gradients.

relu, sigmoid and tanh work on flat arrays, softmax and log_softmax on the rows of a
matrix; all others are formulas in the frame of `elementwise`. ``x`` may be ``y``,
unless the slope is one of x, and ``dy`` may be ``dx``.
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
    tanh,
)
from scratchnet.kernels.activations.elementwise import FORMULAS
from scratchnet.kernels.ladder import operation

relu_forward = operation("relu_forward", relu)
relu_backward = operation("relu_backward", relu)
sigmoid_forward = operation("sigmoid_forward", sigmoid)
sigmoid_backward = operation("sigmoid_backward", sigmoid)
tanh_forward = operation("tanh_forward", tanh)
tanh_backward = operation("tanh_backward", tanh)
softmax_forward = operation("softmax_forward", softmax)
softmax_backward = operation("softmax_backward", softmax)
log_softmax_forward = operation("log_softmax_forward", log_softmax)
log_softmax_backward = operation("log_softmax_backward", log_softmax)
