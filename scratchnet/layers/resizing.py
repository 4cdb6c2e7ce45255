"""Images of another size."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.image_moves import (
    Transform,
    check_interpolation,
    cropped_and_resized,
    padded_and_resized,
    resize,
)
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.image_transform import ImageTransform


@keras_signature
class Resizing(ImageTransform):
    """Change the size of images, in training and at inference.

        y[i, j] = x at ((i + ½)·H/height − ½, (j + ½)·W/width − ½)

    Whole numbers stay whole when the layer is called by hand: then y is rounded and has
    the type of x.

    Shapes:
        x: (N, H, W, C), or (H, W, C) when called by hand
        y: (N, height, width, C)

    Args:
        height: of y.
        width: of y.
        interpolation: ``"bilinear"``, the mean of the four nearest pixels by distance,
            or ``"nearest"``.
        crop_to_aspect_ratio: whether to keep the shape of things, and cut off what is
            then too long.
        pad_to_aspect_ratio: whether to keep it, and add what is then missing.
        fill_value: what is added.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: height or width is not a positive integer, interpolation is another
            word, or both crop_ and pad_to_aspect_ratio are set.

    Reference:
    `keras/src/layers/preprocessing/image_preprocessing/resizing.py`.
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_value: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.height = arguments.positive_int(self.label, "height", height)
        self.width = arguments.positive_int(self.label, "width", width)
        self.interpolation = check_interpolation(self.label, interpolation)
        self.crop_to_aspect_ratio = arguments.flag(
            self.label, "crop_to_aspect_ratio", crop_to_aspect_ratio
        )
        self.pad_to_aspect_ratio = arguments.flag(
            self.label, "pad_to_aspect_ratio", pad_to_aspect_ratio
        )
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError(
                f"{self.label}: expected crop_to_aspect_ratio or pad_to_aspect_ratio, "
                "received both"
            )
        self.fill_value = float(fill_value)

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        """Run; by hand, whole numbers become whole numbers."""
        y = super().__call__(x, training)
        kind = getattr(x, "dtype", None)
        if not (isinstance(kind, np.dtype) and kind.kind in "iu"):
            return y
        limits = np.iinfo(kind)
        return np.clip(np.rint(y), limits.min, limits.max).astype(kind)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, height, width, C)."""
        N, _, _, C = super().compute_output_shape(input_shape)
        return N, self.height, self.width, C

    def transforms(self, shape: tuple[int, ...], training: bool) -> list[Transform]:
        """Return a change of size, behind a window if the shape of things is kept."""
        (_, H, W, _), to = shape, (self.height, self.width)
        if self.crop_to_aspect_ratio:
            return cropped_and_resized((H, W), to, self.interpolation)
        if self.pad_to_aspect_ratio:
            return padded_and_resized((H, W), to, self.interpolation, self.fill_value)
        return [resize((H, W), to, self.interpolation)]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        names = (
            "height width interpolation crop_to_aspect_ratio pad_to_aspect_ratio "
            "fill_value"
        ).split()
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
