"""Max pooling over the whole image."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.layer import Layer


@keras_signature
class GlobalMaxPooling2D(Layer):
    """The largest value of every channel.

        y[n, c] = max over i, j of x[n, i, j, c]

    Where several pixels are the largest, each gets an equal share of the gradient.

    Shapes:
        x: (N, H, W, C), y: (N, C), or (N, 1, 1, C) with ``keepdims``

    Args:
        keepdims: whether the dimensions of the image stay, with size 1.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Reference: `keras/src/layers/pooling/global_max_pooling2d.py`.
    """

    operation = "global_max_pooling"
    built_at_once = True
    free_gradient = True

    def __init__(self, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.keepdims = bool(keepdims)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, C), or (N, 1, 1, C).

        Raises:
            ValueError: the input is not (N, H, W, C).
        """
        arguments.rank(self.label, input_shape, "(N, H, W, C)")
        middle = (1, 1) if self.keepdims else ()
        return (input_shape[0], *middle, input_shape[3])

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Take the largest of each channel."""
        N, H, W, C = x.shape
        y = self.empty("y", (N, C))
        kernels.global_max_pooling_forward(x.reshape(N, H * W, C), y)
        self.remember((x, y), training=training)
        return y.reshape(N, 1, 1, C) if self.keepdims else y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Share each gradient out among the largest pixels of its channel."""
        x, y = self.recall()
        N, H, W, C = x.shape
        dy = self.check_gradient(dy, self.compute_output_shape(x.shape))
        dx = self.empty("dx", x.shape)
        pixels = (N, H * W, C)
        kernels.global_max_pooling_backward(
            x.reshape(pixels), y, dy.reshape(N, C), dx.reshape(pixels)
        )
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "keepdims": self.keepdims}
