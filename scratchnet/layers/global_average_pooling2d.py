"""Average pooling over the whole image."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.layer import Layer


@keras_signature
class GlobalAveragePooling2D(Layer):
    """The mean of every channel: average pooling with a window as large as the image.

        y[n, c] = mean over i, j of x[n, i, j, c]

    Shapes:
        x: (N, H, W, C), y: (N, C), or (N, 1, 1, C) with ``keepdims``

    Args:
        keepdims: whether the averaged dimensions stay, with size 1.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Reference: `keras/src/layers/pooling/global_average_pooling2d.py`.
    """

    operation = "average_pooling"
    free_output = True
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
        """Take the mean of each channel."""
        N, H, W, C = x.shape
        y = self.empty("y", (N, 1, 1, C))
        kernels.average_pooling_forward(x, y, (H, W), (1, 1), (0, 0))
        self.remember(x.shape, training=training)
        return y if self.keepdims else y.reshape(N, C)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Share each gradient out among all pixels of its channel."""
        N, H, W, C = shape = self.recall()
        dy = self.check_gradient(dy, self.compute_output_shape(shape))
        dx = self.empty("dx", shape)
        dy = dy.reshape(N, 1, 1, C)
        kernels.average_pooling_backward(dy, dx, (H, W), (1, 1), (0, 0))
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "keepdims": self.keepdims}
