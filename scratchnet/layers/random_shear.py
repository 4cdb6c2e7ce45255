"""Shears by random amounts."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.random_image import (
    Interval,
    RandomTransform,
    columns,
    interval,
)


@keras_signature
class RandomShear(RandomTransform):
    """Slant images at random while training.

        x' = x + s·y,   y' = y + t·x,   s and t uniform in [lower, upper]

    with both signs changed for half of the images.

    Shapes:
        x, y: (N, H, W, C), or (H, W, C) when called by hand

    Args:
        x_factor: lower and upper end of s, in [0, 1]; a number f stands for (−f, f).
        y_factor: those of t.
        interpolation: ``"bilinear"`` or ``"nearest"``.
        fill_mode: what is seen beyond an edge: ``"reflect"``, ``"wrap"``,
            ``"constant"`` or ``"nearest"``; `kernels/affine_transform.py` shows them.
        fill_value: what ``"constant"`` fills with.
        seed: of what is drawn; None draws one from the stream ``augmentation``.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a factor is out of range.
        NotImplementedError: fill_mode or interpolation is another word.

    Reference:
    `keras/src/layers/preprocessing/image_preprocessing/random_shear.py`.
    """

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.x_factor, self.y_factor = x_factor, y_factor
        self._intervals = [
            _shear(self.label, name, value)
            for name, value in (("x_factor", x_factor), ("y_factor", y_factor))
        ]
        self.set_filling(fill_mode, interpolation, fill_value)

    def matrices(self, count: int, height: int, width: int) -> np.ndarray:
        """Return where each pixel of a slanted image comes from."""
        inverted, x, y = self.draw(count, (0, 1), *self._intervals).T
        sign = np.where(inverted > 0.5, -1, 1)
        return columns(1, sign * x, 0, sign * y, 1, 0)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            **self.filling(),
            "x_factor": self.x_factor,
            "y_factor": self.y_factor,
        }


def _shear(who: str, name: str, value: Any) -> Interval:
    """Return both ends; a number stands for itself on either side of 0.

    Keras writes them so to its files, and then refuses to read what is negative.
    """
    if isinstance(value, tuple | list):
        return interval(who, name, value, -1, 1)
    _, size = interval(who, name, value, 0, 1)
    return -size, size
