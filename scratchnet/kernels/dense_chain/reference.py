"""Dense layers one after the other, rung 0."""

from scratchnet.kernels.activations.relu import (
    relu_backward_reference,
    relu_forward_reference,
)
from scratchnet.kernels.activations.softmax import softmax_forward_reference
from scratchnet.kernels.dense.reference import (
    dense_backward_input_reference,
    dense_backward_weight_reference,
    dense_forward_reference,
)


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


def dense_chain_backward_reference(
    x, weights, activations_between, between, dz, d_weights, d_biases, d_between, dx
):
    """Compute all gradients of a chain, from the last layer's to the first's.

    With dz[l] = ∂loss/∂z[l] and z[l] = y[l − 1] · weights[l] + biases[l]:

        d_weights[l] = y[l − 1]ᵀ · dz[l]          d_biases[l] = ∑ₙ dz[l]
        dz[l − 1] = dz[l] · weights[l]ᵀ, 0 where a ReLU's output is 0
        dx = dz[0] · weights[0]ᵀ

    What limits this rung: every layer waits for all rows of the one after it.

    Shapes: x, dx (N, I); for each layer weight (I, O), bias (O,), output and
    dz (N, O).

    Args:
        x: input of the first layer.
        weights: one per layer.
        activations_between: of all layers but the last: ``"linear"`` or ``"relu"``.
        between: y of all layers but the last, as forward wrote them.
        dz: gradient with respect to what the last layer's activation was given.
        d_weights: written, one per layer.
        d_biases: written, one per layer.
        d_between: written: dz of all layers but the last.
        dx: written: the gradient of x; or None, if nobody needs it.
    """
    inputs = (x, *between)
    for layer in reversed(range(len(weights))):
        dense_backward_weight_reference(
            inputs[layer], dz, d_weights[layer], d_biases[layer]
        )
        if layer > 0:
            dense_backward_input_reference(dz, weights[layer], d_between[layer - 1])
            dz = d_between[layer - 1]
            if activations_between[layer - 1] == "relu":
                y, flat = inputs[layer].reshape(-1), dz.reshape(-1)
                relu_backward_reference(y, flat, flat)
    if dx is not None:
        dense_backward_input_reference(dz, weights[0], dx)
