"""Gaussian noise."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.noise import Noise


class GaussianNoise(Noise):
    """Add normal numbers of mean 0 while training: y = x + stddev · n.

    Shapes:
        x, y: any shape

    Args:
        stddev: standard deviation of what is added, [0, 1].
        seed: of the numbers; None draws one from the stream ``dropout``.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: stddev or seed is out of range.

    Reference: `keras/src/layers/regularization/gaussian_noise.py`.
    """

    operation = "gaussian_noise"
    strength_argument = "stddev"

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.stddev = arguments.fraction(self.label, "stddev", stddev)

    def draw(self, shape: Shape, seed: int, step: int) -> tuple[Any, Any]:
        """Return 1, and the noise."""
        noise = self.standard_normal(shape, seed, step)
        noise *= self.dtype.type(self.stddev)
        return self.dtype.type(1), noise

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}
