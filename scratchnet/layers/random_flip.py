"""Flips at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.random_image import RandomTransform, columns


@keras_signature
class RandomFlip(RandomTransform):
    """Mirror images at random while training, each with a probability of one half.

    One draw decides for an image: both directions of ``horizontal_and_vertical`` are
    flipped together or not at all, as in Keras.

    Shapes:
        x, y: (N, H, W, C), or (H, W, C) when called by hand

    Args:
        mode: ``"horizontal"`` swaps left and right, ``"vertical"`` top and bottom;
            ``"horizontal_and_vertical"`` both.
        seed: of what is drawn; None draws one from the stream ``augmentation``.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: mode is none of the three.

    Reference:
    `keras/src/layers/preprocessing/image_preprocessing/random_flip.py`.
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        choices = ("horizontal", "vertical", "horizontal_and_vertical")
        self.mode = arguments.choice(self.label, "mode", mode, choices)

    def matrices(self, count: int, height: int, width: int) -> np.ndarray:
        """Return a mirror's matrix, or that of the identity, for each image."""
        flipped = self.draw(count, (0, 1))[:, 0] <= 0.5
        across = flipped if "horizontal" in self.mode else np.zeros_like(flipped)
        down = flipped if "vertical" in self.mode else np.zeros_like(flipped)
        return columns(
            *(1 - 2 * across, 0, across * (width - 1)),
            *(0, 1 - 2 * down, down * (height - 1)),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "mode": self.mode}
