"""Addition of branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers.merge import Elementwise, fold


class Add(Elementwise):
    """The sum of the inputs: y = x₁ + x₂ + …, and so dxᵢ = dy for each.

    It closes a residual block: y = x + f(x), where the gradient reaches x both through
    f and past it.

    Shapes:
        x₁, x₂, …, y: the same; see `Elementwise` for sizes of 1

    Args:
        **kwargs: `Layer`'s arguments (name, trainable, dtype).

    Raises:
        ValueError: there is one input only, or the shapes don't fit.

    References: He et al. (2016), "Deep Residual Learning for Image Recognition",
    section 3.2; `keras/src/layers/merging/add.py`.

    >>> Add()([np.float32([[1, 2]]), np.float32([[10, 20]])])
    array([[11., 22.]], dtype=float32)
    """

    operation = "add"
    free_output = True

    def join(self, x: list[np.ndarray], y: np.ndarray) -> None:
        """Add the inputs up, from the first to the last."""
        fold(np.add, x, y)

    def part(self, x: list[np.ndarray], i: int, y: np.ndarray, dy: np.ndarray) -> Any:
        """Hand the gradient to every input."""
        return dy
