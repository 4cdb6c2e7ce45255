"""The end of a training step's way forwards: from the output to the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import activations
from scratchnet.foundation import workspace


class LossHead:
    """The loss, applied to the model's output."""

    def __init__(self, loss: Any) -> None:
        self.loss = loss

    def forward(
        self, targets: np.ndarray, output: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return each sample's loss, (N,), and the model's predictions."""
        return self.loss.forward(targets, output), output

    def backward(
        self, targets: np.ndarray, output: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return ∂(∑ₙ scaleₙ lossₙ)/∂output."""
        return self.loss.backward(targets, output, scale)


class LogitsHead(LossHead):
    """Cross-entropy from logits; predictions are what the activation makes of them.

    Attributes:
        activation: the one that the model ends in.
        memory: what the loss keeps for the way back: softmax of the last logits.
    """

    def __init__(self, loss: Any, activation: activations.ActivationFunction) -> None:
        super().__init__(loss)
        self.activation = activation
        self.memory: Any = None

    def forward(
        self, targets: np.ndarray, output: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return each sample's cross-entropy, and the predictions."""
        values, self.memory = self.loss.forward_from_logits(targets, output)
        if self.activation is activations.softmax and self.memory is not None:
            return values, self.memory
        predictions = workspace.empty(self, "predictions", output.shape, output.dtype)
        self.activation.forward(output, predictions)
        return values, predictions

    def backward(
        self, targets: np.ndarray, output: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return scale · (p − t), or its mean over several answers of yes and no."""
        return self.loss.backward_from_logits(targets, output, self.memory, scale)
