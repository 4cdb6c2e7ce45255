"""Multiplication of branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers.merge import Elementwise, fold


class Multiply(Elementwise):
    """The product of the inputs: y = x₁ · x₂ · …, and dxᵢ = dy · ∏ⱼ≠ᵢ xⱼ.

    It weighs channels in a squeeze-and-excitation block (Hu et al., 2018).

    Shapes:
        x₁, x₂, …, y: the same; see `Elementwise` for sizes of 1

    Args:
        **kwargs: `Layer`'s arguments (name, trainable, dtype).

    Raises:
        ValueError: there is one input only, or the shapes don't fit.

    Reference: `keras/src/layers/merging/multiply.py`.

    >>> Multiply()([np.float32([[1, 5]]), np.float32([[3, 4]])])
    array([[ 3., 20.]], dtype=float32)
    """

    operation = "multiply"
    free_output = True

    def join(self, x: list[np.ndarray], y: np.ndarray) -> None:
        """Multiply the inputs, from the first to the last."""
        fold(np.multiply, x, y)

    def part(self, x: list[np.ndarray], i: int, y: np.ndarray, dy: np.ndarray) -> Any:
        """Multiply the gradient with the other inputs."""
        for j, other in enumerate(x):
            if j != i:
                dy = dy * other
        return dy
