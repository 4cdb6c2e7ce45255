"""What a training step runs, and the rules that make it faster than its layers.

A `Plan` is made when training starts. Without rules it is the model as written: the
stages are its layers, and the head applies the loss to what comes out of them. Each
rule rewrites that plan; `RULES` is the list of all of them. ``compile(run_eagerly=
True)`` switches them off, and a test shows that both ways agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from scratchnet import activations, losses
from scratchnet.layers.activated import ActivatedLayer
from scratchnet.layers.layer import Layer


class Stage(Protocol):
    """A step of the way through the network: a layer, or what a rule made of it."""

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the output for a batch."""

    def backward(self, dy: np.ndarray) -> np.ndarray | None:
        """Compute the parameters' gradients and return the input's."""


class LossHead:
    """The loss, applied to the model's output."""

    def __init__(self, loss: losses.Loss) -> None:
        """Keep the loss."""
        self.loss = loss

    def forward(
        self, targets: np.ndarray, output: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return each sample's loss, (N,), and the model's predictions."""
        return self.loss.forward(targets, output), output

    def backward(
        self,
        targets: np.ndarray,
        output: np.ndarray,
        predictions: np.ndarray,
        scale: np.ndarray,
    ) -> np.ndarray:
        """Return ∂(∑ₙ scaleₙ lossₙ)/∂output."""
        return self.loss.backward(targets, output, scale)


class Plan:
    """The stages of a training step, the head, and where differentiation ends.

    Args:
        layers: the model's layers, built.
        loss: the loss to train on.
        rules: the rewrite rules to apply, in order.

    Attributes:
        stages: what runs forwards, and backwards in reverse.
        head: turns the last stage's output into losses and predictions.
        differentiate_from: index of the first stage whose ``backward`` runs.
        params: path → parameter, such as ``dense/kernel``, of all trainable layers.
        grads: path → its gradient.
    """

    def __init__(
        self,
        layers: list[Layer],
        loss: losses.Loss,
        rules: tuple[Callable[[Plan], None], ...] = (),
    ) -> None:
        """Lay the plan out and rewrite it."""
        self.layers = list(layers)
        self.stages: list[Any] = list(layers)
        self.head: Any = LossHead(loss)
        self.differentiate_from = 0
        self.params = {
            f"{layer.name}/{name}": param
            for layer in layers
            for name, param in layer.trainable_params.items()
        }
        self.grads = {
            f"{layer.name}/{name}": layer.grads[name]
            for layer in layers
            for name in layer.trainable_params
        }
        for rule in rules:
            rule(self)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Run the stages; the head takes it from there."""
        for layer, stage in zip(self.layers, self.stages, strict=True):
            x = stage.forward(layer.cast(x), training=training)
        return x

    def backward(self, dy: np.ndarray | None) -> None:
        """Run the stages in reverse, down to `differentiate_from`."""
        first = self.differentiate_from
        pairs = zip(self.layers[first:], self.stages[first:], strict=True)
        for layer, stage in reversed(list(pairs)):
            dy = stage.backward(layer.cast(dy))


class _SoftmaxCrossEntropyHead(LossHead):
    """Softmax and cross-entropy in one, from logits to probabilities and losses."""

    def forward(
        self, targets: np.ndarray, output: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        return losses.softmax_cross_entropy(targets, output)

    def backward(
        self,
        targets: np.ndarray,
        output: np.ndarray,
        predictions: np.ndarray,
        scale: np.ndarray,
    ) -> np.ndarray:
        return losses.softmax_cross_entropy_gradient(targets, predictions, scale)


class _WithoutActivation:
    """The last layer, stopping at its logits."""

    def __init__(self, layer: ActivatedLayer) -> None:
        self.forward = layer.pre_activation
        self._layer = layer

    def backward(self, dz: np.ndarray) -> np.ndarray:
        self._layer.backward_params(dz)
        return self._layer.backward_input(dz)


class _WithoutInputGradient:
    """The first layer that learns: nothing before it asks for a gradient."""

    def __init__(self, stage: Any, layer: ActivatedLayer) -> None:
        self.forward = stage.forward
        self._layer = layer
        self._activated = isinstance(stage, ActivatedLayer)

    def backward(self, dy: np.ndarray) -> None:
        dz = self._layer.backward_activation(dy) if self._activated else dy
        self._layer.backward_params(dz)


def softmax_cross_entropy(plan: Plan) -> None:
    """Differentiate a final softmax and the cross-entropy as one.

    d_logits = scale · (p − t) needs no division by a probability that may be 0, and
    the loss is exact where a probability rounds to 0. Off, the probabilities are
    clipped to [10⁻⁷, 1 − 10⁻⁷]; the two agree to rounding where nothing is clipped.
    """
    last, loss = plan.layers[-1], plan.head.loss
    if (
        isinstance(last, ActivatedLayer)
        and last.activation is activations.softmax
        and isinstance(loss, losses.CategoricalCrossentropy)
        and not loss.from_logits
        and last.output_shape is not None
        and len(last.output_shape) == 2
    ):
        plan.stages[-1] = _WithoutActivation(last)
        plan.head = _SoftmaxCrossEntropyHead(loss)


def nothing_before_the_first_parameter(plan: Plan) -> None:
    """Compute no gradient that no parameter needs; the same bits without it.

    The backward pass ends at the first layer that learns, and that layer, if it can
    be asked to, leaves out the gradient of its input.
    """
    learning = [i for i, layer in enumerate(plan.layers) if layer.trainable_params]
    plan.differentiate_from = learning[0] if learning else len(plan.layers)
    if learning:
        first = plan.layers[learning[0]]
        if isinstance(first, ActivatedLayer):
            stage = plan.stages[learning[0]]
            plan.stages[learning[0]] = _WithoutInputGradient(stage, first)


RULES: tuple[Callable[[Plan], None], ...] = (
    softmax_cross_entropy,
    nothing_before_the_first_parameter,
)
