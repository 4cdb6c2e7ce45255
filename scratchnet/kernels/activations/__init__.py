"""Activations and their gradients, written in terms of what forward returned.

relu, sigmoid and tanh work on flat arrays, softmax on the rows of a matrix. ``x`` may
be ``y``, and ``dy`` may be ``dx``.
"""

from scratchnet.kernels.activations.relu import (
    relu_backward_loops,
    relu_backward_reference,
    relu_forward_loops,
    relu_forward_reference,
)
from scratchnet.kernels.activations.sigmoid import (
    sigmoid_backward_loops,
    sigmoid_backward_reference,
    sigmoid_forward_loops,
    sigmoid_forward_reference,
)
from scratchnet.kernels.activations.softmax import (
    softmax_backward_loops,
    softmax_backward_reference,
    softmax_forward_loops,
    softmax_forward_reference,
)
from scratchnet.kernels.activations.tanh import (
    tanh_backward_loops,
    tanh_backward_reference,
    tanh_forward_loops,
    tanh_forward_reference,
)
from scratchnet.kernels.ladder import Operation

relu_forward = Operation(
    "relu_forward", reference=relu_forward_reference, loops=relu_forward_loops
)
relu_backward = Operation(
    "relu_backward", reference=relu_backward_reference, loops=relu_backward_loops
)
sigmoid_forward = Operation(
    "sigmoid_forward", reference=sigmoid_forward_reference, loops=sigmoid_forward_loops
)
sigmoid_backward = Operation(
    "sigmoid_backward",
    reference=sigmoid_backward_reference,
    loops=sigmoid_backward_loops,
)
tanh_forward = Operation(
    "tanh_forward", reference=tanh_forward_reference, loops=tanh_forward_loops
)
tanh_backward = Operation(
    "tanh_backward", reference=tanh_backward_reference, loops=tanh_backward_loops
)
softmax_forward = Operation(
    "softmax_forward", reference=softmax_forward_reference, loops=softmax_forward_loops
)
softmax_backward = Operation(
    "softmax_backward",
    reference=softmax_backward_reference,
    loops=softmax_backward_loops,
)
