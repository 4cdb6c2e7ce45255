"""Activations and their gradients, written in terms of what forward returned.

relu, leaky_relu, sigmoid and tanh work on flat arrays, softmax on the rows of a matrix.
``x`` may be ``y``, and ``dy`` may be ``dx``.
"""

from scratchnet.kernels.activations import leaky_relu, relu, sigmoid, softmax, tanh
from scratchnet.kernels.ladder import operation

relu_forward = operation("relu_forward", relu)
relu_backward = operation("relu_backward", relu)
leaky_relu_forward = operation("leaky_relu_forward", leaky_relu)
leaky_relu_backward = operation("leaky_relu_backward", leaky_relu)
sigmoid_forward = operation("sigmoid_forward", sigmoid)
sigmoid_backward = operation("sigmoid_backward", sigmoid)
tanh_forward = operation("tanh_forward", tanh)
tanh_backward = operation("tanh_backward", tanh)
softmax_forward = operation("softmax_forward", softmax)
softmax_backward = operation("softmax_backward", softmax)
