"""What the rules' own operations have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.shapes import Shape


class Fused:
    """One operation in the place of several.

    A subclass writes `forward` and `gradients`.

    Args:
        parts: the operations whose work it does, in their order. Their parameters,
            buffers and memory are used.
    """

    operation = "fused"
    free_output = False
    free_gradient = True

    def __init__(self, *parts: Any) -> None:
        self.parts = parts
        self.dtype: np.dtype = parts[0].dtype
        self.cast = parts[0].cast
        self.params = self._of_parts("params")
        self.grads = self._of_parts("grads")
        self._cache: Any = None

    def _of_parts(self, kind: str) -> dict[str, np.ndarray]:
        return {
            f"{i}/{name}": array
            for i, part in enumerate(self.parts)
            for name, array in getattr(part, kind).items()
        }

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return what the parts make of a shape, one after the other."""
        for part in self.parts:
            input_shape = part.compute_output_shape(input_shape)
        return input_shape

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the last part's output."""
        raise NotImplementedError

    def gradients(self, dy: np.ndarray, dx: np.ndarray | None) -> None:
        """Compute the gradients of all parameters, and of the input if it is wanted."""
        raise NotImplementedError

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Compute all gradients, and return the input's."""
        dx = self.parts[0].empty("dx", self._cache[0].shape)
        self.gradients(dy, dx)
        return dx

    def learn(self, dy: np.ndarray) -> None:
        """Compute the gradients of the parameters alone."""
        self.gradients(dy, None)
