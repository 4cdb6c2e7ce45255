"""Zooms by random factors."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.random_image import RandomTransform, columns, interval


@keras_signature
class RandomZoom(RandomTransform):
    """Make what is seen larger or smaller at random while training.

        x' = (W − 1)/2·(1 − z) + z·x,   z − 1 uniform in [lower, upper]

    and likewise for y: positive factors zoom out, negative ones zoom in.

    Shapes:
        x, y: (N, H, W, C), or (H, W, C) when called by hand

    Args:
        height_factor: lower and upper end of z − 1 for the height, in (−1, 1]; a number
            f stands for (−f, f).
        width_factor: the same for the width; None takes the height's z, which keeps
            the shape of things.
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
    `keras/src/layers/preprocessing/image_preprocessing/random_zoom.py`.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        factors = {"height_factor": height_factor}
        if width_factor is not None:
            factors["width_factor"] = width_factor
        self._intervals = [
            interval(self.label, name, value, -1, 1, open_below=True)
            for name, value in factors.items()
        ]
        self.set_filling(fill_mode, interpolation, fill_value)

    def matrices(self, count: int, height: int, width: int) -> np.ndarray:
        """Return where each pixel of a zoomed image comes from."""
        zooms = 1 + self.draw(count, *self._intervals)
        down, across = zooms[:, 0], zooms[:, -1]
        return columns(
            *(across, 0, (width - 1) / 2 * (1 - across)),
            *(0, down, (height - 1) / 2 * (1 - down)),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            **self.filling(),
            "height_factor": self.height_factor,
            "width_factor": self.width_factor,
        }
