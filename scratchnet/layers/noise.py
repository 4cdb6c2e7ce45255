"""The base of layers that add to, or multiply by, random numbers while training."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import random
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.layer import Layer


class Noise(Layer):
    """y = x · factor + term while training, y = x at inference; dx = dy · factor.

    Factor and term are a function of (seed, step, element), which a subclass writes as
    `draw`: nothing is stored, the backward pass draws again, and a run that is resumed
    meets the numbers that it would have met.

    Args:
        seed: of the numbers; None draws one from the stream ``dropout``.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Attributes:
        strength: 0 where nothing is to change: `rate` or `stddev`, as it is now.
        strength_argument: which of the two it is.

    Raises:
        ValueError: seed is no integer from 0 to 2³² − 1.
    """

    built_at_once = True
    strength_argument = "rate"

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
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
        self.buffers |= {"seed_state": np.array([seed, 0], np.uint32)}

    @property
    def strength(self) -> float:
        """How much is changed."""
        return vars(self)[self.strength_argument]

    def next_step(self) -> tuple[int, int]:
        """Count a step, and return it behind the seed."""
        state = self.buffers["seed_state"]
        state[1] += np.uint32(1)
        return int(state[0]), int(state[1])

    def draw(self, shape: Shape, seed: int, step: int) -> tuple[Any, Any]:
        """Return factor and term, arrays that go with x, or numbers."""
        raise NotImplementedError(f"{self.label}: draw is not written")

    def standard_normal(self, shape: Shape, seed: int, step: int) -> np.ndarray:
        """Return normal numbers of mean 0 and variance 1."""
        numbers = self.empty("numbers", shape)
        kernels.standard_normal(numbers.reshape(-1), seed, step)
        return numbers

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute x · factor + term when training, else return x."""
        if not training or self.strength == 0:
            self.remember((x.shape, None), training=training)
            return x
        drawn = self.next_step()
        factor, term = self.draw(x.shape, *drawn)
        y = np.multiply(x, factor, out=self.empty("y", x.shape))
        y += term
        self.remember((x.shape, drawn), training=True)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Multiply the gradient by the same factor."""
        shape, drawn = self.recall()
        dy = self.check_gradient(dy, shape)
        if drawn is None:
            return dy
        factor, _ = self.draw(shape, *drawn)
        return np.multiply(dy, factor, out=self.empty("dx", shape))

    def at_inference(self) -> Layer:
        """Return a copy that changes nothing."""
        identity = copy.copy(self)
        vars(identity)[self.strength_argument] = 0.0
        return identity
