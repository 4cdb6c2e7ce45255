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
        trainable: whether it is learnt.
    """

    def __init__(self, owner: Layer, weight: str, trainable: bool) -> None:
        super().__init__(name=f"{owner.name}_{weight}", dtype=owner.dtype)
        self._owner, self._named, self._is_learnt = owner, weight, trainable
        self._link()
        self.ensure_built([])

    def _link(self) -> None:
        own, name = self._owner.own_arrays, self._named
        if self._is_learnt:
            self.params |= {name: own["params"][name]}
            self.grads |= {name: own["grads"][name]}
        self._weight = own["params" if self._is_learnt else "buffers"][name]

    def lower(self, program: Any, *places: int) -> int:
        """Take the owner's arrays; in a copy by joblib, they are others than before."""
        self._link()
        return super().lower(program, *places)

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
