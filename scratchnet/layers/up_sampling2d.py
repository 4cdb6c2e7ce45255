"""Larger images."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature, refuse
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.layer import Layer

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


@keras_signature
class UpSampling2D(Layer):
    """Make images larger by a whole factor.

        nearest:   y[n, i, j, c] = x[n, ⌊i / SH⌋, ⌊j / SW⌋, c]
        bilinear:  between the four pixels around ((i + ½) / SH − ½, (j + ½) / SW − ½)

    Each pixel's gradient is the sum over those that were made of it, by their shares:
    see `kernels/upsampling.py`.

    Shapes:
        x: (N, H, W, C), y: (N, H · SH, W · SW, C)

    Args:
        size: SH and SW, one integer or two.
        interpolation: ``"nearest"`` or ``"bilinear"``.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a factor is not a positive integer, or interpolation is unknown.
        NotImplementedError: interpolation is another of Keras's.

    Reference: `keras/src/layers/reshaping/up_sampling2d.py`.

    >>> UpSampling2D((1, 2))([[[[1.0], [2.0]]]])[0, :, :, 0]
    array([[1., 1., 2., 2.]], dtype=float32)
    """

    operation = "upsampling"
    free_output = True
    free_gradient = True

    def __init__(
        self,
        size: int | tuple[int, int] = (2, 2),
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        who = self.label
        self.size = arguments.pair(who, "size", size)
        self.interpolation = arguments.choice(
            who, "interpolation", interpolation, INTERPOLATIONS
        )
        if self.interpolation != "bilinear":
            refuse(who, "interpolation", self.interpolation, "nearest")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, H · SH, W · SW, C).

        Raises:
            ValueError: the input is not (N, H, W, C).
        """
        arguments.rank(self.label, input_shape, "(N, H, W, C)")
        N, H, W, C = input_shape
        return (N, int(H or 0) * self.size[0], int(W or 0) * self.size[1], C)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Repeat pixels, or interpolate between them."""
        y = self.empty("y", self.compute_output_shape(x.shape))
        if self.interpolation == "nearest":
            kernels.upsampling_forward(x, y, self.size)
        else:
            kernels.bilinear_forward(x, y, self.size)
        self.remember(x.shape, training=training)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Let each pixel collect from those that were made of it."""
        shape = self.recall()
        dy = self.check_gradient(dy, self.compute_output_shape(shape))
        dx = self.empty("dx", shape)
        if self.interpolation == "nearest":
            kernels.upsampling_backward(dy, dx, self.size)
        else:
            kernels.bilinear_backward(dy, dx, self.size)
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "size": self.size,
            "interpolation": self.interpolation,
        }
