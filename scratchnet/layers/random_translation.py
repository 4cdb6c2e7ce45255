"""Shifts by random distances."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.random_image import RandomTransform, columns, interval


@keras_signature
class RandomTranslation(RandomTransform):
    """Shift images at random while training.

        down by H·u, to the right by W·v,   u and v uniform in [lower, upper]

    Shapes:
        x, y: (N, H, W, C), or (H, W, C) when called by hand

    Args:
        height_factor: lower and upper end of u, in [−1, 1]; a number f stands for
            (−f, f).
        width_factor: those of v.
        fill_mode: what is seen beyond an edge: ``"reflect"``, ``"wrap"``,
            ``"constant"`` or ``"nearest"``; `kernels/affine_transform.py` shows them.
        interpolation: ``"bilinear"`` or ``"nearest"``.
        seed: of what is drawn; None draws one from the stream ``augmentation``.
        fill_value: what ``"constant"`` fills with.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a factor is out of range.
        NotImplementedError: fill_mode or interpolation is another word.

    Reference:
    `keras/src/layers/preprocessing/image_preprocessing/random_translation.py`.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._intervals = [
            interval(self.label, name, value, -1, 1)
            for name, value in (
                ("height_factor", height_factor),
                ("width_factor", width_factor),
            )
        ]
        self.set_filling(fill_mode, interpolation, fill_value)

    def matrices(self, count: int, height: int, width: int) -> np.ndarray:
        """Return where each pixel of a shifted image comes from."""
        down, across = self.draw(count, *self._intervals).T * [[height], [width]]
        return columns(1, 0, -across, 0, 1, -down)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            **self.filling(),
            "height_factor": self.height_factor,
            "width_factor": self.width_factor,
        }
