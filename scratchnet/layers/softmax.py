"""Softmax as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import activations
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.activation import Activation
from scratchnet.layers.layer import Layer


class Softmax(Activation):
    """y_i = exp(x_i) / ∑_j exp(x_j) along an axis.

    Shapes:
        x, y: any shape

    Args:
        axis: along which y sums up to 1; several are taken as one.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: axis is neither an integer nor several, or x has no such axis.

    Reference: `keras/src/layers/activations/softmax.py`.
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(activations.softmax.with_settings(axis=axis), **kwargs)
        self.axis = axis

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape.

        Raises:
            ValueError: it has no such axis.
        """
        self.activation.axes(len(input_shape))  # type: ignore[attr-defined]
        return input_shape

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Find out whether the axis is the last, which rules know softmax by."""
        axes = self.activation.axes(len(input_shape))  # type: ignore[attr-defined]
        if axes == (len(input_shape) - 1,):
            self.activation = activations.softmax

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**Layer.get_config(self), "axis": self.axis}
