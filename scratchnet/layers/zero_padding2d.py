"""Zeros around images."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers import margins


@keras_signature
class ZeroPadding2D(margins.Padding):
    """Put rows and columns of zeros around each image.

        y[n, top + i, left + j, c] = x[n, i, j, c], and 0 elsewhere

    Shapes:
        x: (N, H, W, C), y: (N, top + H + bottom, left + W + right, C)

    Args:
        padding: one integer for all sides, (rows, columns), or
            ((top, bottom), (left, right)).
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a width is not an integer of at least 0.

    Reference: `keras/src/layers/reshaping/zero_padding2d.py`.

    >>> ZeroPadding2D(((0, 1), (1, 0)))([[[[5.0]]]])[0, :, :, 0]
    array([[0., 5.],
           [0., 0.]], dtype=float32)
    """

    def __init__(self, padding: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = self.widths = margins.two_pairs(self.label, "padding", padding)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "padding": self.padding}
