"""Crops at random places."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import arguments
from scratchnet.foundation.image_moves import (
    Transform,
    cropped_and_resized,
    resize,
    window,
)
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.image_transform import ImageTransform
from scratchnet.layers.random_image import RandomImage


@keras_signature
class RandomCrop(RandomImage, ImageTransform):
    """Cut a window out of images while training, all of a batch at one random place.

    Images that are not larger than the window, in height and in width, are cut in the
    middle and made as large as it. At inference the largest window of that shape is
    taken from the middle and resized. (Keras 3.15 says so too, but its layer then gives
    out what it is given, whose shape no layer behind it can take.)

    Shapes:
        x: (N, H, W, C), or (H, W, C) when called by hand
        y: (N, height, width, C)

    Args:
        height: of the window.
        width: of the window.
        seed: of what is drawn; None draws one from the stream ``augmentation``.
        name: of the layer.
        **kwargs: `Layer`'s arguments (trainable, dtype, input_shape).

    Raises:
        ValueError: height or width is not a positive integer.

    Reference:
    `keras/src/layers/preprocessing/image_preprocessing/random_crop.py`.
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, name=name, **kwargs)
        self.height = arguments.positive_int(self.label, "height", height)
        self.width = arguments.positive_int(self.label, "width", width)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, height, width, C)."""
        N, _, _, C = super().compute_output_shape(input_shape)
        return N, self.height, self.width, C

    def transforms(self, shape: tuple[int, ...], training: bool) -> list[Transform]:
        """Return a window, and a change of size where it is not large enough."""
        _, H, W, _ = shape
        to = self.height, self.width
        if not (training and self.active):
            return cropped_and_resized((H, W), to)
        if H > self.height and W > self.width:
            ends = (0, H - self.height + 1), (0, W - self.width + 1)
            top, left = self.draw(1, *ends)[0].astype(int)
            return [window(top, left, *to)]
        rows = max(min(H, int(W * self.height / self.width)), 1)
        columns = max(min(W, int(H * self.width / self.height)), 1)
        top, left = (H - rows) // 2, (W - columns) // 2
        cut = window(top, left, min(self.height, H - top), min(self.width, W - left))
        return [cut] if cut.size == to else [cut, resize(cut.size, to, "bilinear")]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "height": self.height,
            "width": self.width,
        }
