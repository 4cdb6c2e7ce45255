"""Gaussian dropout."""

from __future__ import annotations

import math
from typing import Any

from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.noise import Noise


class GaussianDropout(Noise):
    """Multiply by normal numbers of mean 1 while training, as noisy as `Dropout`.

        y = x · (1 + n √(rate / (1 − rate)))

    Shapes:
        x, y: any shape

    Args:
        rate: of the dropout whose variance this has, [0, 1).
        seed: of the numbers; None draws one from the stream ``dropout``.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: rate or seed is out of range.

    References: Srivastava et al. (2014), section 10;
    `keras/src/layers/regularization/gaussian_dropout.py`.
    """

    operation = "gaussian_dropout"

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = arguments.fraction(self.label, "rate", rate, below_1=True)

    def draw(self, shape: Shape, seed: int, step: int) -> tuple[Any, Any]:
        """Return the numbers, and 0."""
        factor = self.standard_normal(shape, seed, step)
        factor *= self.dtype.type(math.sqrt(self.rate / (1 - self.rate)))
        factor += self.dtype.type(1)
        return factor, self.dtype.type(0)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
