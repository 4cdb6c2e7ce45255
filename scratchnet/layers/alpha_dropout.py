"""Alpha dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape
from scratchnet.layers import noise_shapes
from scratchnet.layers.noise import Noise

# What SELU tends to where x falls: −1.7581, minus its scale times its alpha.
LOWEST = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717


class AlphaDropout(Noise):
    """Set a random fraction to SELU's lowest value, and keep mean and variance.

        y = a · (x or LOWEST) + b
        a = 1 / √((1 − rate) (1 + rate · LOWEST²)),   b = −a · rate · LOWEST

    so that inputs of mean 0 and variance 1, as `selu` makes them, stay so.

    Shapes:
        x, y: any shape

    Args:
        rate: fraction dropped, [0, 1).
        noise_shape: of the mask, which is the same along dimensions of size 1; None
            stands for x's own size, or shape.
        seed: of the masks; None draws one from the stream ``dropout``.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: an argument is out of range.

    References: Klambauer et al. (2017), section "New dropout technique";
    `keras/src/layers/regularization/alpha_dropout.py`.
    """

    operation = "alpha_dropout"

    def __init__(
        self,
        rate: float,
        noise_shape: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.rate = arguments.fraction(self.label, "rate", rate, below_1=True)
        self.noise_shape = noise_shapes.check(self.label, noise_shape)

    def draw(self, shape: Shape, seed: int, step: int) -> tuple[Any, Any]:
        """Return a where x is kept, and b, or a · LOWEST + b where it is not."""
        number = self.dtype.type
        a = ((1 - self.rate) * (1 + self.rate * LOWEST**2)) ** -0.5
        b = -a * self.rate * LOWEST
        mask = np.ones(noise_shapes.of(self.label, self.noise_shape, shape), self.dtype)
        kernels.dropout(mask.reshape(-1), mask.reshape(-1), self.rate, seed, step)
        kept = mask != 0
        return (
            np.where(kept, number(a), number(0)),
            np.where(kept, number(b), number(a * LOWEST + b)),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "rate": self.rate,
            "noise_shape": self.noise_shape,
            "seed": self.seed,
        }
