"""Images without their margins."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers import margins


@keras_signature
class Cropping2D(margins.Cropping):
    """Cut rows and columns off each image's sides.

        y[n, i, j, c] = x[n, top + i, left + j, c]

    Shapes:
        x: (N, H, W, C), y: (N, H − top − bottom, W − left − right, C)

    Args:
        cropping: one integer for all sides, (rows, columns), or
            ((top, bottom), (left, right)).
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a width is not an integer of at least 0, or nothing would be left.

    Reference: `keras/src/layers/reshaping/cropping2d.py`.

    >>> Cropping2D(((1, 0), (0, 1)))([[[[1.0], [2.0]], [[3.0], [4.0]]]])[0, :, :, 0]
    array([[3.]], dtype=float32)
    """

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = margins.two_pairs(self.label, "cropping", cropping)
        self.widths = self.cropping

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "cropping": self.cropping}
