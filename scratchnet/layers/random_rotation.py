"""Rotations by random angles."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.random_image import RandomTransform, columns, interval


@keras_signature
class RandomRotation(RandomTransform):
    """Turn images about their centres by random angles while training.

        θ = 2π·u,   u uniform in [lower, upper];   θ > 0 turns counter-clockwise

    Shapes:
        x, y: (N, H, W, C), or (H, W, C) when called by hand

    Args:
        factor: lower and upper end, as fractions of a full turn, in [−1, 1]; a number
            f stands for (−f, f).
        fill_mode: what is seen beyond an edge: ``"reflect"``, ``"wrap"``,
            ``"constant"`` or ``"nearest"``; `kernels/affine_transform.py` shows them.
        interpolation: ``"bilinear"`` or ``"nearest"``.
        seed: of what is drawn; None draws one from the stream ``augmentation``.
        fill_value: what ``"constant"`` fills with.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: factor is out of range.
        NotImplementedError: fill_mode or interpolation is another word.

    Reference:
    `keras/src/layers/preprocessing/image_preprocessing/random_rotation.py`.
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.factor = interval(self.label, "factor", factor, -1, 1)
        self.set_filling(fill_mode, interpolation, fill_value)

    def matrices(self, count: int, height: int, width: int) -> np.ndarray:
        """Return where each pixel of a turned image comes from."""
        angle = 2 * np.pi * self.draw(count, self.factor)[:, 0]
        cosine, sine = np.cos(angle), np.sin(angle)
        x, y = (width - 1) / 2, (height - 1) / 2
        return columns(
            *(cosine, -sine, x - x * cosine + y * sine),
            *(sine, cosine, y - x * sine - y * cosine),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), **self.filling(), "factor": self.factor}
