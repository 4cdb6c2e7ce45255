"""Concatenation of branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.layers.merge import Merge


class Concatenate(Merge):
    """The inputs side by side along one axis; each gets its part of the gradient.

    Shapes:
        x₁: (N, H, W, C₁), x₂: (N, H, W, C₂), …, y: (N, H, W, C₁ + C₂ + …); any number
        of dimensions

    Args:
        axis: along which; −1, the channels, by default. Not the batch's.
        **kwargs: `Layer`'s arguments (name, trainable, dtype).

    Raises:
        ValueError: there is one input only, axis is out of range, or the shapes differ
            in another dimension.

    Reference: `keras/src/layers/merging/concatenate.py`.

    >>> Concatenate()([np.float32([[1, 2]]), np.float32([[3]])])
    array([[1., 2., 3.]], dtype=float32)
    """

    operation = "concatenate"
    free_output = True
    free_gradient = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not isinstance(axis, int) or axis == 0:
            raise ValueError(
                f"{self.label}: expected an axis other than the batch's, "
                f"received {axis!r}"
            )
        self.axis = axis

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Add the sizes along the axis up.

        Raises:
            ValueError: the others differ.
        """
        first = list(input_shape[0])
        axis = self.axis + len(first) if self.axis < 0 else self.axis
        rests = {(*shape[:axis], *shape[axis + 1 :]) for shape in input_shape}
        sizes = [shape[axis] if axis < len(shape) else None for shape in input_shape]
        if not 0 < axis < len(first) or len(rests) != 1 or None in sizes:
            raise ValueError(
                f"{self.label}: expected inputs that differ along axis {self.axis} "
                "alone, received "
                f"{', '.join(format_shape(shape) for shape in input_shape)}"
            )
        return (*first[:axis], sum(sizes), *first[axis + 1 :])

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Copy the inputs to where they belong."""
        y = self.empty("y", self.compute_output_shape([one.shape for one in x]))
        np.concatenate(x, axis=self.axis, out=y)
        self.remember([one.shape for one in x], training=training)
        return y

    def backward(self, dy: np.ndarray) -> Any:
        """Cut the gradient up."""
        shapes = self.recall()
        dy = self.check_gradient(dy, self.compute_output_shape(shapes))
        ends = np.cumsum([shape[self.axis] for shape in shapes])[:-1]
        gradients = []
        for i, part in enumerate(np.split(dy, ends, axis=self.axis)):
            gradients.append(self.empty(f"dx_{i}", part.shape))
            np.copyto(gradients[-1], part)
        return gradients

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "axis": self.axis}
