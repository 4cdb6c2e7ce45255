"""Brightness, changed at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.random_image import RandomImage, interval, two_numbers


@keras_signature
class RandomBrightness(RandomImage):
    """Add a random number to all of an image while training.

        y = x + (high − low)·u, brought to [low, high],   u uniform in factor

    Shapes:
        x, y: (N, H, W, C), or (H, W, C) when called by hand

    Args:
        factor: lower and upper end of u, in [−1, 1]; a number f stands for (−f, f).
        value_range: low and high, the least and the greatest value of a pixel.
        seed: of what is drawn; None draws one from the stream ``augmentation``.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: factor or value_range is out of range.

    Reference:
    `keras/src/layers/preprocessing/image_preprocessing/random_brightness.py`.
    """

    operation = "brightness"

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.factor = interval(self.label, "factor", factor, -1, 1)
        self.value_range = two_numbers(self.label, "value_range", value_range)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Add and clip when training, else return x."""
        if not (training and self.active):
            self.remember((x, None), training=training)
            return x
        low, high = self.value_range
        drawn = self.draw(len(x), self.factor) * (high - low)
        shifts = drawn.astype(self.dtype).reshape(-1, 1, 1, 1)
        y = np.add(x, shifts, out=self.empty("y", x.shape))
        self.remember((x, shifts), training=True)
        return np.clip(y, low, high, out=y)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Return dy where nothing was cut off."""
        x, shifts = self.recall()
        dy = self.check_gradient(dy, x.shape)
        if shifts is None:
            return dy
        low, high = self.value_range
        z = x + shifts
        inside = (z >= low) & (z <= high)
        return np.multiply(dy, inside, out=self.empty("dx", x.shape))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "factor": self.factor,
            "value_range": self.value_range,
        }
