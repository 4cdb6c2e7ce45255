"""Comparisons of tensors, what is chosen by them, and other functions in steps.

In a graph true is 1 and false is 0, in the model's dtype. What is constant but for its
steps has the gradient 0; TensorFlow has none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.ops.arithmetic import Binary
from scratchnet.ops.elementwise import Unary


class Comparison(Binary):
    """y = 1 where something holds of x₁ and x₂, else 0."""

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Compare."""
        return super().forward(x, training=training).astype(self.dtype)

    def part(self, i: int, x: list[Any], y: np.ndarray, dy: np.ndarray) -> Any:
        """Return 0."""
        return np.zeros_like(dy)


class Greater(Comparison):
    """y = whether x₁ > x₂."""

    function = np.greater


class GreaterEqual(Comparison):
    """y = whether x₁ ≥ x₂."""

    function = np.greater_equal


class Less(Comparison):
    """y = whether x₁ < x₂."""

    function = np.less


class LessEqual(Comparison):
    """y = whether x₁ ≤ x₂."""

    function = np.less_equal


class Equal(Comparison):
    """y = whether x₁ = x₂."""

    function = np.equal


class NotEqual(Comparison):
    """y = whether x₁ ≠ x₂."""

    function = np.not_equal


class LogicalAnd(Comparison):
    """y = whether both are true: not 0."""

    function = np.logical_and


class LogicalOr(Comparison):
    """y = whether one of two is true: not 0."""

    function = np.logical_or


class Where(Binary):
    """y = x₁ where the condition is true, not 0, and x₂ elsewhere."""

    function = np.where  # of three arguments

    def part(self, i: int, x: list[Any], y: np.ndarray, dy: np.ndarray) -> Any:
        """Return dy where the operand was chosen; 0 for the condition."""
        chosen = x[0] != 0
        return dy * (np.zeros_like(chosen), chosen, ~chosen)[i]


class Step(Unary):
    """y = f(x), constant but for its steps."""

    function: Any

    def of(self, x: np.ndarray) -> np.ndarray:
        """Return f(x)."""
        y: np.ndarray = type(self).function(x).astype(x.dtype)
        return y

    def slope(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Return 0."""
        return x.dtype.type(0)


class LogicalNot(Step):
    """y = whether x is not true: 0."""

    function = np.logical_not


class Sign(Step):
    """y = −1, 0 or 1, as x is."""

    function = np.sign


class Floor(Step):
    """y = the largest whole number that is not larger than x."""

    function = np.floor


class Ceil(Step):
    """y = the smallest whole number that is not smaller than x."""

    function = np.ceil
