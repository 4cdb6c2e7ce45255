"""Dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape
from scratchnet.layers import noise_shapes
from scratchnet.layers.noise import Noise


class Dropout(Noise):
    """Set a random fraction of the inputs to zero while training.

        y = x · mask / (1 − rate),   mask = 1 with probability 1 − rate, else 0

    The division keeps the expected value; at inference y = x. The mask is a function
    of (seed, step, element): no mask is stored, the backward pass computes it again,
    and a run that is resumed meets the masks that it would have met.

    Shapes:
        x, y: any shape

    Args:
        rate: fraction set to zero, [0, 1]; at 1 every output is zero.
        noise_shape: of the mask, which is the same along dimensions of size 1; None
            stands for x's own size, or shape.
        seed: of the masks; None draws one from the stream ``dropout``.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Attributes:
        overwrites_input: whether y is written over x when training; a plan's rule sets
            it where nobody reads x again.
        overwrites_gradient: whether dx is written over dy, likewise.

    Raises:
        ValueError: rate, noise_shape or seed is out of range.

    References: Srivastava et al. (2014);
    `keras/src/layers/regularization/dropout.py`.
    """

    operation = "dropout"
    overwrites_input = False
    overwrites_gradient = False

    def __init__(
        self,
        rate: float,
        noise_shape: Any = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.rate = arguments.fraction(self.label, "rate", rate)
        self.noise_shape = noise_shapes.check(self.label, noise_shape)

    def mask_shape(self, shape: Any) -> Any:
        """Return the shape of the mask for an input's; it goes with it."""
        return noise_shapes.of(self.label, self.noise_shape, shape)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Drop and scale when training, else return x."""
        if not training or self.strength == 0:
            self.remember((x.shape, None), training=training)
            return x
        drawn = self.next_step()
        y = x if self.overwrites_input else self.empty("y", x.shape)
        self._drop(x, y, drawn)
        self.remember((x.shape, drawn), training=True)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Drop and scale the same elements of the gradient."""
        shape, drawn = self.recall()
        dy = self.check_gradient(dy, shape)
        if drawn is None:
            return dy
        dx = dy if self.overwrites_gradient else self.empty("dx", shape)
        self._drop(dy, dx, drawn)
        return dx

    def _drop(self, x: np.ndarray, y: np.ndarray, drawn: tuple[int, int]) -> None:
        if self.mask_shape(x.shape) == x.shape:
            kernels.dropout(x.reshape(-1), y.reshape(-1), self.rate, *drawn)
        else:
            factor, _ = self.draw(x.shape, *drawn)
            np.multiply(x, factor, out=y)

    def draw(self, shape: Shape, seed: int, step: int) -> tuple[Any, Any]:
        """Return mask / (1 − rate), and 0."""
        factor = np.ones(self.mask_shape(shape), self.dtype)
        kernels.dropout(factor.reshape(-1), factor.reshape(-1), self.rate, seed, step)
        return factor, self.dtype.type(0)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "rate": self.rate,
            "seed": self.seed,
            "noise_shape": self.noise_shape,
        }
