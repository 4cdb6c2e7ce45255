"""Average of branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers.merge import Elementwise, fold


class Average(Elementwise):
    """The mean of the inputs: y = (x₁ + … + xₖ) / k, and dxᵢ = dy / k.

    Shapes:
        x₁, x₂, …, y: the same; see `Elementwise` for sizes of 1

    Args:
        **kwargs: `Layer`'s arguments (name, trainable, dtype).

    Raises:
        ValueError: there is one input only, or the shapes don't fit.

    Reference: `keras/src/layers/merging/average.py`.

    >>> Average()([np.float32([[1, 5]]), np.float32([[3, 4]])])
    array([[2. , 4.5]], dtype=float32)
    """

    operation = "average"
    free_output = True

    def join(self, x: list[np.ndarray], y: np.ndarray) -> None:
        """Add the inputs up, and divide by their number."""
        fold(np.add, x, y)
        y /= len(x)

    def part(self, x: list[np.ndarray], i: int, y: np.ndarray, dy: np.ndarray) -> Any:
        """Hand each input its share."""
        return dy / self.dtype.type(len(x))
