"""What a plan is made of, beside layers."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from scratchnet import layers as layer_module
from scratchnet.layers.layer import Layer


class Stage(Protocol):
    """A step of the way through the network: a layer, or what a rule made of it."""

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the output for a batch."""

    def backward(self, dy: np.ndarray) -> np.ndarray | None:
        """Compute the parameters' gradients and return the input's."""


class LossHead:
    """The loss, applied to the model's output."""

    def __init__(self, loss: Any) -> None:
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


class Done:
    """A layer whose work a stage before it does."""

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Hand on what has been done."""
        return x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Hand on what will be done."""
        return dy


def is_own(layer: Layer) -> bool:
    """Tell whether a layer is one of scratchnet's own, not of a class made from it."""
    return type(layer) in layer_module.ALL.values()
