"""Flatten."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.layer import Layer


@keras_signature
class Flatten(Layer):
    """Lay the dimensions of each sample out in one row, the last running fastest.

    Shapes:
        x: (N, H, W, C), y: (N, H·W·C); any number of dimensions; (N,) becomes (N, 1)

    Args:
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Reference: `keras/src/layers/reshaping/flatten.py`.
    """

    operation = "flatten"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, product of the rest); an open dimension stays open."""
        rest = input_shape[1:]
        size = None if None in rest else math.prod(int(n or 0) for n in rest)
        return (input_shape[0], size)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Return a view of x."""
        self.remember(x.shape, training=training)
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Give the gradient the input's shape."""
        shape = self.recall()
        dy = self.check_gradient(dy, (shape[0], math.prod(shape[1:])))
        return dy.reshape(shape)
