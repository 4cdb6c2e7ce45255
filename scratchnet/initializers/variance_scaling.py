"""Initial values that keep the variance of what a layer makes of its inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.initializers.distributions import truncated
from scratchnet.initializers.initializer import Initializer

# The standard deviation of N(0, 1) cut off at ±2: dividing by it gives the truncated
# distribution the variance that was asked for.
TRUNCATED_DEVIATION = 0.87962566103423978


class VarianceScaling(Initializer):
    """Zero mean, and a variance of scale / fan.

    Args:
        scale: above 0.
        mode: ``"fan_in"``, ``"fan_out"``, or ``"fan_avg"``, their mean.
        distribution: ``"truncated_normal"`` (or ``"normal"``), cut off at two standard
            deviations, ``"untruncated_normal"`` or ``"uniform"``.
        seed: as in `Initializer`.
        input_axes: axes of the shape whose sizes make fan_in; by default as
            `compute_fans` says.
        output_axes: those that make fan_out; both are given, or none.

    Raises:
        ValueError: an argument is none of these.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        who = type(self).__name__
        self.scale = arguments.positive(who, "scale", scale)
        modes = ("fan_in", "fan_out", "fan_avg")
        self.mode = arguments.choice(who, "mode", mode, modes)
        known = ("truncated_normal", "untruncated_normal", "uniform", "normal")
        word = arguments.choice(who, "distribution", distribution, known)
        self.distribution = "truncated_normal" if word == "normal" else word
        self.input_axes, self.output_axes = input_axes, output_axes

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Draw from the distribution."""
        deviation = math.sqrt(self.variance(shape))
        if self.distribution == "uniform":  # the variance of U(−L, L) is L²/3
            limit = math.sqrt(3 * self.variance(shape))
            return rng.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return rng.normal(0, deviation, shape)
        return deviation / TRUNCATED_DEVIATION * truncated(shape, rng)

    def variance(self, shape: tuple[int, ...]) -> float:
        """Return the variance that a weight of this shape is to have."""
        fan_in, fan_out = compute_fans(shape)
        if self.input_axes is not None and self.output_axes is not None:
            fan_in = math.prod(shape[axis] for axis in self.input_axes)
            fan_out = math.prod(shape[axis] for axis in self.output_axes)
        fans = {"fan_in": fan_in, "fan_out": fan_out}
        return self.scale / max(1.0, fans.get(self.mode, (fan_in + fan_out) / 2))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            **self._shared_config(),
        }

    def _shared_config(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _Named(VarianceScaling):
    """A published choice of scale, mode and distribution."""

    choice: tuple[float, str, str]

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self.choice, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return self._shared_config()


class GlorotUniform(_Named):
    """U(−L, L), L = √(6 / (fan_in + fan_out)): Keras's default for kernels."""

    choice = 1.0, "fan_avg", "uniform"


class GlorotNormal(_Named):
    """Truncated normal with σ² = 2 / (fan_in + fan_out)."""

    choice = 1.0, "fan_avg", "truncated_normal"


class LecunUniform(_Named):
    """U(−L, L), L = √(3 / fan_in)."""

    choice = 1.0, "fan_in", "uniform"


class LecunNormal(_Named):
    """Truncated normal with σ² = 1 / fan_in: for SELU."""

    choice = 1.0, "fan_in", "truncated_normal"


class HeUniform(_Named):
    """U(−L, L), L = √(6 / fan_in): for ReLU, which halves the variance."""

    choice = 2.0, "fan_in", "uniform"


class HeNormal(_Named):
    """Truncated normal with σ² = 2 / fan_in."""

    choice = 2.0, "fan_in", "truncated_normal"


def compute_fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return (fan_in, fan_out) of a kernel's shape, channels last.

    >>> compute_fans((3, 3, 32, 64))
    (288, 576)
    """
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]
