"""Contrast, changed at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.random_image import RandomImage, interval, two_numbers


@keras_signature
class RandomContrast(RandomImage):
    """Spread the values of images around their mean at random while training.

        y = (x − m)·f + m, brought to value_range,   f uniform in [1 − lower, 1 + upper]

    m is the mean of the image's channel.

    Shapes:
        x, y: (N, H, W, C), or (H, W, C) when called by hand

    Args:
        factor: (lower, upper), in [0, 1]; a number f stands for (0, f), as in Keras.
        value_range: the least and the greatest value of a pixel; what is beyond is cut
            off.
        seed: of what is drawn; None draws one from the stream ``augmentation``.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: factor or value_range is out of range.

    Reference:
    `keras/src/layers/preprocessing/image_preprocessing/random_contrast.py`.
    """

    operation = "contrast"
    free_gradient = False

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.factor = interval(self.label, "factor", factor, 0, 1)
        self.value_range = two_numbers(self.label, "value_range", value_range)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Spread and clip when training, else return x."""
        if not (training and self.active):
            self.remember((x, None), training=training)
            return x
        lower, upper = self.factor
        drawn = self.draw(len(x), (1 - lower, 1 + upper))[:, 0]
        factors = drawn.astype(self.dtype)
        y = self.empty("y", x.shape)
        kernels.contrast_forward(_pixels(x), factors, *self.value_range, _pixels(y))
        self.remember((x, factors), training=True)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Take the gradient through the spreading, where nothing was cut off."""
        x, factors = self.recall()
        dy = self.check_gradient(dy, x.shape)
        if factors is None:
            return dy
        dx = self.empty("dx", x.shape)
        kernels.contrast_backward(
            _pixels(x), _pixels(dy), factors, *self.value_range, _pixels(dx)
        )
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "factor": self.factor,
            "value_range": self.value_range,
        }


def _pixels(images: np.ndarray) -> np.ndarray:
    N, H, W, C = images.shape
    return images.reshape(N, H * W, C)
