"""Dense layers in a row as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from scratchnet import activations, kernels
from scratchnet.layers.dense import Dense
from scratchnet.layers.layer import Layer
from scratchnet.plan.logits import WithoutActivation
from scratchnet.plan.stages import Done, is_own

if TYPE_CHECKING:
    from scratchnet.plan.plan import Plan


# The widest layer of a chain: its weights are read where they lie, and the rows of
# larger matrices push each other out of the caches.
WIDEST = 512


def dense_chain(plan: Plan) -> None:
    """Run dense layers in a row as one; the same bits.

    Each layer takes vectors and ends in no activation or in ReLU, the last one also in
    softmax. No chain goes on beyond the first layer that learns, where gradients end.
    It is used where the kernels' `direct` rung is, or a higher one.
    """
    if kernels.RUNGS.index(kernels.get_rung()) < kernels.RUNGS.index("direct"):
        return
    start = 0
    while start < len(plan.layers):
        chain: list[Dense] = []
        names: list[str] = []
        for at in range(start, len(plan.layers)):
            layer, stage = plan.layers[at], plan.stages[at]
            if not _fits_a_chain(layer):
                break
            if chain and (layer.dtype != chain[0].dtype or at in plan.learning[:1]):
                break
            logits = isinstance(stage, WithoutActivation)
            chain.append(layer)
            names.append("linear" if logits else layer.activation.name)
            if layer.activation is activations.softmax:
                break
        if chain:
            last = plan.stages[start + len(chain) - 1]
            plan.stages[start] = DenseChain(chain, names, last)
            for at in range(start + 1, start + len(chain)):
                plan.stages[at] = Done()
        start += max(1, len(chain))


def _fits_a_chain(layer: Layer) -> TypeGuard[Dense]:
    own = activations.linear, activations.relu, activations.softmax
    return (
        isinstance(layer, Dense)
        and is_own(layer)
        and layer.activation in own
        and len(layer.output_shape or ()) == 2
        and layer.units <= WIDEST
    )


class DenseChain:
    """Dense layers in a row, whose passes are one, forwards and backwards.

    What a layer keeps when it runs by itself, it keeps here too.
    """

    def __init__(self, layers: list[Dense], activations: list[str], last: Any) -> None:
        """Keep the layers; ``last`` is the stage that the last one was."""
        self.layers, self.activations = layers, tuple(activations)
        self._backward_activation = last.backward_activation

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the output of the last layer."""
        self.layers[0].check_input(x.shape)  # kernels trust; x may be a custom layer's
        rows = len(x)
        outputs = tuple(layer.empty("y", (rows, layer.units)) for layer in self.layers)
        kernels.dense_chain_forward(
            *(x, self._weights(), tuple(layer.bias for layer in self.layers)),
            *(self.activations, outputs),
        )
        if training:
            for layer, y in zip(self.layers, outputs, strict=True):
                layer.take_over(x, y)
                x = y
        return outputs[-1]

    def backward(
        self, dy: np.ndarray, *, input_gradient: bool = True
    ) -> np.ndarray | None:
        """Compute all gradients and return the input's, if it is wanted."""
        first = self.layers[0]
        x, *inputs = (layer.recall() for layer in self.layers)
        dz = self._backward_activation(dy)
        gradients = [layer.gradient_arrays() for layer in self.layers]
        d_outputs = [
            layer.empty("dz", y.shape)
            for layer, y in zip(self.layers, inputs, strict=False)
        ]
        dx = first.empty("dx", x.shape) if input_gradient else None
        kernels.dense_chain_backward(
            *(x, self._weights(), self.activations[:-1], tuple(inputs), dz),
            *(*map(tuple, zip(*gradients, strict=True)), tuple(d_outputs), dx),
        )
        return dx

    def _weights(self) -> tuple[np.ndarray, ...]:
        return tuple(layer.params["kernel"] for layer in self.layers)
