"""Layers for sequences that are layers for images one pixel high."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.layer import Layer


class OnSequences(Layer):
    """The base of layers that hand their work to one for images.

    Attributes:
        of_images: the layer that takes x as images (N, 1, L, C).
    """

    built_at_once = True
    free_gradient = True
    of_images: Layer

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, OL, C), or (N, C).

        Raises:
            ValueError: the input is not (N, L, C), or too short.
        """
        arguments.rank(self.label, input_shape, "(N, L, C)")
        N, L, C = input_shape
        shape = self.of_images.compute_output_shape((N, 1, L, C))
        return (N, *shape[2:]) if len(shape) == 4 else shape

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute y from x as images."""
        y = self.of_images.forward(x[:, np.newaxis], training=training)
        self.remember(y.shape, training=training)
        shape: Any = self.compute_output_shape(x.shape)
        return y.reshape(shape)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Compute dx likewise."""
        shape = self.recall()
        flat = (*shape[:1], *shape[2:]) if len(shape) == 4 else shape
        dy = self.check_gradient(dy, flat).reshape(shape)
        return self.of_images.backward(dy)[:, 0]

    def __copy__(self) -> OnSequences:
        """Return a copy whose layer for images remembers by itself."""
        twin = type(self).__new__(type(self))
        vars(twin).update(vars(self))
        twin.of_images = copy.copy(self.of_images)
        return twin
