"""Addition of branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.layers.merge import Merge


class Add(Merge):
    """The sum of the inputs: y = x₁ + x₂ + …, and so dxᵢ = dy for each.

    It closes a residual block: y = x + f(x), where the gradient reaches x both through
    f and past it.

    Shapes:
        x₁, x₂, …, y: all the same

    Args:
        **kwargs: `Layer`'s arguments (name, trainable, dtype).

    Raises:
        ValueError: there is one input only, or the shapes differ. (Keras would repeat
            an input along dimensions of size 1.)

    References: He et al. (2016), "Deep Residual Learning for Image Recognition",
    section 3.2; `keras/src/layers/merging/add.py`.

    >>> Add()([np.float32([[1, 2]]), np.float32([[10, 20]])])
    array([[11., 22.]], dtype=float32)
    """

    operation = "add"
    free_output = True

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the shape that all inputs have.

        Raises:
            ValueError: they differ.
        """
        first, *others = (tuple(shape) for shape in input_shape)
        if any(other != first for other in others):
            raise ValueError(
                f"{self.label}: expected inputs of one shape, received "
                f"{', '.join(format_shape(shape) for shape in input_shape)}"
            )
        return first

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Add the inputs up, from the first to the last."""
        y = self.empty("y", x[0].shape)
        np.add(x[0], x[1], out=y)
        for more in x[2:]:
            y += more
        self.remember((len(x), y.shape), training=training)
        return y

    def backward(self, dy: np.ndarray) -> Any:
        """Hand the gradient to every input."""
        count, shape = self.recall()
        return [self.check_gradient(dy, shape)] * count
