"""Crops from the middle."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import arguments
from scratchnet.foundation.image_moves import Transform, cropped_and_resized, window
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.image_transform import ImageTransform


@keras_signature
class CenterCrop(ImageTransform):
    """Cut a window out of the middle of images, in training and at inference.

    Images that are smaller than the window lose what is too long for its shape, and are
    made as large as it.

    Shapes:
        x: (N, H, W, C), or (H, W, C) when called by hand
        y: (N, height, width, C)

    Args:
        height: of the window.
        width: of the window.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: height or width is not a positive integer.

    Reference:
    `keras/src/layers/preprocessing/image_preprocessing/center_crop.py`.
    """

    def __init__(self, height: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.height = arguments.positive_int(self.label, "height", height)
        self.width = arguments.positive_int(self.label, "width", width)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, height, width, C)."""
        N, _, _, C = super().compute_output_shape(input_shape)
        return N, self.height, self.width, C

    def transforms(self, shape: tuple[int, ...], training: bool) -> list[Transform]:
        """Return a window, or one and a change of size."""
        (_, H, W, _), to = shape, (self.height, self.width)
        if H >= self.height and W >= self.width:
            return [window((H - self.height) // 2, (W - self.width) // 2, *to)]
        return cropped_and_resized((H, W), to)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "height": self.height, "width": self.width}
