"""Longer sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.layer import Layer


class UpSampling1D(Layer):
    """Repeat every step of a sequence: y[n, i, c] = x[n, ⌊i / size⌋, c].

    The gradient of a step is the sum of those of its copies.

    Shapes:
        x: (N, L, C), y: (N, L · size, C)

    Args:
        size: how often, at least once.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        TypeError: size is not an integer.
        ValueError: size is below 1, or the input is not (N, L, C).

    Reference: `keras/src/layers/reshaping/up_sampling1d.py`.

    >>> UpSampling1D(2)([[[1.0], [2.0]]])[0, :, 0]
    array([1., 1., 2., 2.], dtype=float32)
    """

    operation = "upsampling"
    free_output = True
    free_gradient = True

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not arguments.is_integer(size):
            raise TypeError(
                f"{self.label}: expected an integer for size, received {size!r}"
            )
        self.size = arguments.positive_int(self.label, "size", size)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, L · size, C).

        Raises:
            ValueError: the input is not (N, L, C).
        """
        arguments.rank(self.label, input_shape, "(N, L, C)")
        N, L, C = input_shape
        return (N, int(L or 0) * self.size, C)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Repeat the steps, as rows of an image one pixel wide."""
        y = self.empty("y", self.compute_output_shape(x.shape))
        kernels.upsampling_forward(
            x[:, :, np.newaxis], y[:, :, np.newaxis], (self.size, 1)
        )
        self.remember(x.shape, training=training)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Add the gradients of the copies up."""
        shape = self.recall()
        dy = self.check_gradient(dy, self.compute_output_shape(shape))
        dx = self.empty("dx", shape)
        kernels.upsampling_backward(
            dy[:, :, np.newaxis], dx[:, :, np.newaxis], (self.size, 1)
        )
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "size": self.size}
