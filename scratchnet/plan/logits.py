"""Softmax and its cross-entropy as one: the loss is taken from the logits."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from scratchnet import activations, losses
from scratchnet.foundation import workspace
from scratchnet.layers.activated import ActivatedLayer
from scratchnet.layers.layer import Layer
from scratchnet.plan.stages import LossHead, is_own

if TYPE_CHECKING:
    from scratchnet.plan.plan import Plan


def softmax_cross_entropy(plan: Plan) -> None:
    """Differentiate a final softmax and the cross-entropy as one.

    d_logits = scale · (p − t) needs no division by a probability that may be 0, and
    the loss is exact where a probability rounds to 0. Off, the probabilities are
    clipped to [10⁻⁷, 1 − 10⁻⁷]; the two agree to rounding where nothing is clipped.
    """
    if takes_logits(plan.layers[-1], plan.head.loss):
        start_from_logits(plan)


def start_from_logits(plan: Plan) -> None:
    """Let the last layer stop at its logits, and the head take the loss from them."""
    last = plan.layers[-1]
    assert isinstance(last, ActivatedLayer)
    plan.stages[-1] = WithoutActivation(last)
    plan.head = _LogitsHead(plan.head.loss, last.activation)


def warn_of_from_logits(last: Layer, loss: Any) -> None:
    """Say what Keras says of ``from_logits`` where the output is no logits."""
    if loss.from_logits and isinstance(last, ActivatedLayer):
        name = last.activation.name
        warnings.warn(
            f"{type(loss).__name__}: from_logits=True, but {last.label} ends in "
            f"{name}, so that the model's output is no logits; the loss is taken from "
            f"what the {name} is given, as in Keras",
            stacklevel=2,
        )


def has_logits(layer: Layer) -> TypeGuard[ActivatedLayer]:
    """Tell whether a layer's activation makes (N, C) scores of logits.

    Those are softmax and sigmoid: the ones whose input Keras remembers on TensorFlow.
    """
    return (
        isinstance(layer, ActivatedLayer)
        and is_own(layer)
        and layer.activation in (activations.softmax, activations.sigmoid)
        and len(layer.output_shape or ()) == 2
    )


def takes_logits(last: Layer, loss: Any) -> bool:
    """Tell whether Keras computes a loss from what the last activation is given.

    It does so for each cross-entropy, with or without ``from_logits``. The loss is
    then the cross-entropy of softmax(logits), also where the activation is a sigmoid.

    Reference: `keras/src/backend/tensorflow/nn.py` (_get_logits).
    """
    return (
        has_logits(last)
        and isinstance(loss, losses.CategoricalCrossentropy)
        and type(loss) in losses.ALL.values()
    )


def needs_logits(last: Layer, loss: Any) -> bool:
    """Tell whether the loss would be another one if it were not from the logits.

    After a softmax and without ``from_logits`` it is the same one, but for rounding
    and clipping: that is left to the rule `softmax_cross_entropy`.
    """
    if not (has_logits(last) and takes_logits(last, loss)):
        return False
    return loss.from_logits or last.activation is not activations.softmax


class _LogitsHead(LossHead):
    """Cross-entropy from logits; predictions are what the activation makes of them."""

    def __init__(self, loss: Any, activation: activations.ActivationFunction) -> None:
        super().__init__(loss)
        self._activation = activation
        self._probabilities: Any = None

    def forward(
        self, targets: np.ndarray, output: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        values, self._probabilities = losses.softmax_cross_entropy(targets, output)
        if self._activation is activations.softmax:
            return values, self._probabilities
        predictions = workspace.empty(self, "predictions", output.shape, output.dtype)
        self._activation.forward(output, predictions)
        return values, predictions

    def backward(
        self,
        targets: np.ndarray,
        output: np.ndarray,
        predictions: np.ndarray,
        scale: np.ndarray,
    ) -> np.ndarray:
        return losses.softmax_cross_entropy_gradient(
            targets, self._probabilities, scale
        )


class WithoutActivation:
    """The last layer, stopping at its logits."""

    def __init__(self, layer: ActivatedLayer) -> None:
        """Keep the layer; forward is its way to the logits."""
        self.forward = layer.pre_activation
        self._layer = layer

    def backward(self, dz: np.ndarray) -> np.ndarray:
        """Compute the parameters' gradients and return the input's."""
        self._layer.backward_params(dz)
        return self._layer.backward_input(dz)

    def backward_activation(self, dz: np.ndarray) -> np.ndarray:
        """Return what is the logits' gradient already."""
        return dz
