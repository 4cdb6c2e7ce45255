"""A penalty on a layer's output, as an operation after it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers.layer import Layer


class ActivityPenalty(Layer):
    """Pass on what a layer computed, and note the penalty on it.

        y = x        penalty = regularizer(x) / N        dx = dy + ∂penalty/∂x

    Args:
        layer: one with an ``activity_regularizer``.

    Attributes:
        penalty: of the last batch.
    """

    operation = "activity_penalty"
    free_gradient = True

    def __init__(self, layer: Layer) -> None:
        super().__init__(name=layer.name, dtype=layer.dtype)
        self.layer = layer
        self.regularizer = layer.activity_regularizer
        self.penalty = 0.0

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Return x."""
        self.layer.activity_penalty = self.layer.penalty_on(x)
        self.penalty = float(self.layer.activity_penalty)
        self.remember(x, training=training)
        return x

    def backward(self, dy: np.ndarray | None) -> np.ndarray:
        """Add the penalty's gradient; there is no other where dy is None."""
        x: Any = self.recall()
        dx = self.empty("dx", x.shape)
        np.copyto(dx, 0 if dy is None else dy)
        self.regularizer.add_gradient(x, dx, 1 / len(x))
        return dx
