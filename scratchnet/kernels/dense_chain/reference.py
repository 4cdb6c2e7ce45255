"""Dense layers one after the other, rung 0."""

from scratchnet.kernels.activations.relu import relu_forward_reference
from scratchnet.kernels.activations.softmax import softmax_forward_reference
from scratchnet.kernels.dense.reference import dense_forward_reference


def dense_chain_forward_reference(x, weights, biases, activations, outputs):
    """Compute outputs[l] = activation(outputs[l − 1] · weights[l] + biases[l]).

    What limits this rung: every layer waits for all rows of the one before.

    Shapes: x (N, I); for each layer weight (I, O), bias (O,), output (N, O), where the
    next layer's I is this one's O.

    Args:
        x: input of the first layer.
        weights: one per layer.
        biases: one per layer.
        activations: one per layer: ``"linear"``, ``"relu"`` or ``"softmax"``.
        outputs: written, one per layer.
    """
    for weight, bias, activation, y in zip(
        weights, biases, activations, outputs, strict=True
    ):
        dense_forward_reference(x, weight, bias, y)
        if activation == "relu":
            relu_forward_reference(y.reshape(-1), y.reshape(-1))
        elif activation == "softmax":
            softmax_forward_reference(y, y)
        x = y
