"""Sums, products, powers and extremes of two tensors, element by element."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from scratchnet.foundation.shapes import Shape, broadcast, format_shape, summed_to
from scratchnet.ops.operation import Operation


class Binary(Operation):
    """y = f(x₁, x₂), each of them repeated along dimensions of size 1 or missing ones.

    A subclass has NumPy's ``function``, and writes `part`.
    """

    function: ClassVar[Any]

    def part(self, i: int, x: list[Any], y: np.ndarray, dy: np.ndarray) -> Any:
        """Return ∂loss/∂xᵢ, in y's shape."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the shape that both have together.

        Raises:
            ValueError: two sizes differ, and neither is 1.
        """
        shapes = self.operand_shapes(input_shape)
        try:
            return broadcast(*shapes)
        except ValueError:
            raise ValueError(
                f"{self.label}: expected shapes whose sizes are the same, or 1, from "
                f"the last on, received {' and '.join(map(format_shape, shapes))}"
            ) from None

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Compute y."""
        operands = self.operands(x)
        y = type(self).function(*operands)
        self.remember((operands, y), training=training)
        return y

    def backward(self, dy: np.ndarray) -> Any:
        """Return the gradients, added up where an operand was repeated."""
        operands, y = self.recall()
        return self.of_holes(
            [
                summed_to(self.part(i, operands, y, dy), one.shape)
                if self.arguments[i] is not one
                else None
                for i, one in enumerate(operands)
            ]
        )


class Add(Binary):
    """y = x₁ + x₂."""

    function = np.add
    of_whole_numbers = True

    def part(self, i: int, x: list[Any], y: np.ndarray, dy: np.ndarray) -> Any:
        """Return dy."""
        return dy


class Subtract(Binary):
    """y = x₁ − x₂."""

    function = np.subtract
    of_whole_numbers = True

    def part(self, i: int, x: list[Any], y: np.ndarray, dy: np.ndarray) -> Any:
        """Return dy, or −dy."""
        return dy if i == 0 else -dy


class Multiply(Binary):
    """y = x₁ · x₂."""

    function = np.multiply
    of_whole_numbers = True

    def part(self, i: int, x: list[Any], y: np.ndarray, dy: np.ndarray) -> Any:
        """Return dy times the other."""
        return dy * x[1 - i]


class TrueDivide(Binary):
    """y = x₁ / x₂."""

    function = np.true_divide

    def part(self, i: int, x: list[Any], y: np.ndarray, dy: np.ndarray) -> Any:
        """Return dy / x₂, or −dy · y / x₂."""
        return dy / x[1] if i == 0 else -dy * y / x[1]


class Divide(TrueDivide):
    """y = x₁ / x₂; in Keras `ops.divide` and the operator have two names."""


class Power(Binary):
    """y = x₁ to the power x₂."""

    function = np.power
    of_whole_numbers = True

    def part(self, i: int, x: list[Any], y: np.ndarray, dy: np.ndarray) -> Any:
        """Return dy · x₂ · x₁^(x₂ − 1), or dy · y · log x₁ where x₁ is above 0."""
        base, exponent = x
        if i == 0:
            return dy * exponent * np.power(base, exponent - 1)
        positive = base > 0
        return dy * y * np.log(np.where(positive, base, 1)) * positive


class Maximum(Binary):
    """y = the larger of x₁ and x₂; of equal ones the first has the gradient."""

    function = np.maximum
    of_whole_numbers = True

    def part(self, i: int, x: list[Any], y: np.ndarray, dy: np.ndarray) -> Any:
        """Return dy where it was chosen."""
        first = x[0] >= x[1]
        return dy * (first if i == 0 else ~first)


class Minimum(Binary):
    """y = the smaller of x₁ and x₂; of equal ones the first has the gradient."""

    function = np.minimum
    of_whole_numbers = True

    def part(self, i: int, x: list[Any], y: np.ndarray, dy: np.ndarray) -> Any:
        """Return dy where it was chosen."""
        first = x[0] <= x[1]
        return dy * (first if i == 0 else ~first)


class Matmul(Binary):
    """y = x₁ · x₂, products of matrices: (..., I) · (I, O) = (..., O)."""

    function = np.matmul

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return (..., O).

        Raises:
            ValueError: one is no matrix, or the inner sizes differ.
        """
        a, b = self.operand_shapes(input_shape)
        if len(a) < 2 or len(b) < 2 or a[-1] != b[-2]:
            raise ValueError(
                f"{self.label}: expected (..., I) and (I, O), received "
                f"{format_shape(a)} and {format_shape(b)}"
            )
        return (*broadcast(a[:-2], b[:-2]), a[-2], b[-1]) if b[2:] else (*a[:-1], b[-1])

    def part(self, i: int, x: list[Any], y: np.ndarray, dy: np.ndarray) -> Any:
        """Return dy · x₂ᵀ, or x₁ᵀ · dy."""
        a, b = x
        if i == 0:
            return dy @ b.swapaxes(-1, -2)
        if b.ndim == 2:
            return a.reshape(-1, a.shape[-1]).T @ dy.reshape(-1, dy.shape[-1])
        return a.swapaxes(-1, -2) @ dy
