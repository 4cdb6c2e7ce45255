"""A layer's own weight, where its `call` computes with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.shapes import Shape
from scratchnet.layers.layer import Layer
from scratchnet.ops.operation import Operation


class Weight(Operation):
    """Reads nothing, and gives out a weight; its gradient is the weight's.

    Args:
        owner: the layer whose weight it is.
        weight: the weight's name.
        array: the weight itself.
        gradient: where its gradient goes; None where it is not learnt.
    """

    def __init__(
        self, owner: Layer, weight: str, array: np.ndarray, gradient: Any
    ) -> None:
        super().__init__(name=f"{owner.name}_{weight}", dtype=owner.dtype)
        self._weight = array
        if gradient is not None:
            self.params, self.grads = {weight: array}, {weight: gradient}
        self.ensure_built([])

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the weight's shape."""
        return self._weight.shape

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Return the weight."""
        return self._weight

    def backward(self, dy: np.ndarray) -> Any:
        """Overwrite the weight's gradient; there is no other."""
        self.learn(dy)
        return []

    def learn(self, dy: np.ndarray) -> None:
        """Overwrite the weight's gradient."""
        for gradient in self.grads.values():
            gradient[...] = dy
