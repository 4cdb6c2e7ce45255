"""Dropout."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments, random
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.layer import Layer


@keras_signature
class Dropout(Layer):
    """Set a random fraction of the inputs to zero while training.

        y = x · mask / (1 − rate),   mask = 1 with probability 1 − rate, else 0

    The division keeps the expected value; at inference y = x. The mask is a function
    of (seed, step, element): no mask is stored, the backward pass computes it again,
    and a run that is resumed meets the masks that it would have met.

    Shapes:
        x, y: any shape

    Args:
        rate: fraction set to zero, [0, 1]; at 1 every output is zero.
        seed: of the masks; None draws one from the stream ``dropout``.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Attributes:
        overwrites_input: whether y is written over x when training; a plan's rule sets
            it where nobody reads x again.
        overwrites_gradient: whether dx is written over dy, likewise.

    Raises:
        ValueError: rate is out of range.

    References: Srivastava et al. (2014);
    `keras/src/layers/regularization/dropout.py`.
    """

    operation = "dropout"
    built_at_once = True
    overwrites_input = False
    overwrites_gradient = False

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = arguments.fraction(self.label, "rate", rate)
        if seed is not None and (not isinstance(seed, int) or not 0 <= seed < 2**32):
            raise ValueError(
                f"{self.label}: expected a seed from 0 to 2**32 - 1, received {seed!r}"
            )
        self.seed = seed

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Draw the seed; ``seed_state`` holds it and the number of steps so far."""
        seed = self.seed
        if seed is None:
            seed = int(random.stream("dropout").integers(2**32))
        self.buffers = {"seed_state": np.array([seed, 0], np.uint32)}

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Drop and scale when training, else return x."""
        if not training or self.rate == 0:
            self.remember((x.shape, None, None), training=training)
            return x
        state = self.buffers["seed_state"]
        state[1] += np.uint32(1)
        seed, step = int(state[0]), int(state[1])
        y = x if self.overwrites_input else self.empty("y", x.shape)
        kernels.dropout(x.reshape(-1), y.reshape(-1), self.rate, seed, step)
        self.remember((x.shape, seed, step), training=True)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Drop and scale the same elements of the gradient."""
        shape, seed, step = self.recall()
        dy = self.check_gradient(dy, shape)
        if seed is None:
            return dy
        dx = dy if self.overwrites_gradient else self.empty("dx", shape)
        kernels.dropout(dy.reshape(-1), dx.reshape(-1), self.rate, seed, step)
        return dx

    def at_inference(self) -> Layer:
        """Return a copy that drops nothing."""
        identity = copy.copy(self)
        identity.rate = 0.0
        return identity

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
