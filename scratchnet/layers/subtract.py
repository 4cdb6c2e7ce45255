"""The difference of two branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.shapes import Shape
from scratchnet.layers.merge import Elementwise


class Subtract(Elementwise):
    """One input less another: y = x₁ − x₂, dx₁ = dy, dx₂ = −dy.

    Shapes:
        x₁, x₂, y: the same; see `Elementwise` for sizes of 1

    Args:
        **kwargs: `Layer`'s arguments (name, trainable, dtype).

    Raises:
        ValueError: there are not two inputs, or the shapes don't fit.

    Reference: `keras/src/layers/merging/subtract.py`.

    >>> Subtract()([np.float32([[1, 5]]), np.float32([[3, 4]])])
    array([[-2.,  1.]], dtype=float32)
    """

    operation = "subtract"
    free_output = True

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the shape that the inputs have together.

        Raises:
            ValueError: they are not two, or two sizes differ.
        """
        if len(input_shape) != 2:
            raise ValueError(
                f"{self.label}: expected two inputs, received {len(input_shape)}"
            )
        return super().compute_output_shape(input_shape)

    def join(self, x: list[np.ndarray], y: np.ndarray) -> None:
        """Subtract the second."""
        np.subtract(x[0], x[1], out=y)

    def part(self, x: list[np.ndarray], i: int, y: np.ndarray, dy: np.ndarray) -> Any:
        """Hand the gradient to the first, and its negative to the second."""
        return dy if i == 0 else -dy
