"""The smallest of branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers.merge import Elementwise, chosen, fold


class Minimum(Elementwise):
    """The smallest of the inputs: y = min(x₁, x₂, …); it alone has dy as its gradient.

    Of equal ones that is the first, as in TensorFlow.

    Shapes:
        x₁, x₂, …, y: the same; see `Elementwise` for sizes of 1

    Args:
        **kwargs: `Layer`'s arguments (name, trainable, dtype).

    Raises:
        ValueError: there is one input only, or the shapes don't fit.

    Reference: `keras/src/layers/merging/minimum.py`.

    >>> Minimum()([np.float32([[1, 5]]), np.float32([[3, 4]])])
    array([[1., 4.]], dtype=float32)
    """

    operation = "minimum"

    def join(self, x: list[np.ndarray], y: np.ndarray) -> None:
        """Keep the smaller, from the first to the last."""
        fold(np.minimum, x, y)

    def part(self, x: list[np.ndarray], i: int, y: np.ndarray, dy: np.ndarray) -> Any:
        """Hand the gradient to the input that was chosen."""
        return dy * chosen(x, i, y)
