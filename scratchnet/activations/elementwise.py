"""Activations that take every element by itself."""

from __future__ import annotations

import inspect
import math

import numpy as np

from scratchnet import kernels
from scratchnet.activations.function import ActivationFunction


class Elementwise(ActivationFunction):
    """An activation whose kernels take flat arrays, and its numbers after them."""

    def kernel(self) -> tuple[str, tuple[float, ...]]:
        """Return the kernels' name of the function with its settings, and numbers."""
        return self.__name__, tuple(self.settings.values())

    def choose_kernels(self) -> None:
        """Find both kernels; what the way back reads is its kernel's first argument."""
        self.operation, self.numbers = self.kernel()
        self._forward = kernels.OPERATIONS[f"{self.operation}_forward"]
        self._backward = kernels.OPERATIONS[f"{self.operation}_backward"]
        reads, *_ = inspect.signature(self._backward.rungs["reference"]).parameters
        self.needs_input = reads == "x"

    def forward(self, x: np.ndarray, y: np.ndarray) -> None:
        """Write the function of x into y; y may be x itself."""
        self._forward(x.reshape(-1), y.reshape(-1), *self.numbers)

    def backward(self, kept: np.ndarray, dy: np.ndarray, dx: np.ndarray) -> None:
        """Write ∂loss/∂x into dx; dx may be dy itself."""
        arrays = (kept.reshape(-1), dy.reshape(-1), dx.reshape(-1))
        self._backward(*arrays, *self.numbers)


class Relu(Elementwise):
    """Keras's `relu`, which is leaky, bounded or raised where its arguments say so."""

    def kernel(self) -> tuple[str, tuple[float, ...]]:
        """Return the plainest of the rectifiers that does it."""
        slope, highest, threshold = self.settings.values()
        if threshold == 0 and highest is None:
            return ("relu", ()) if slope == 0 else ("leaky_relu", (slope,))
        if threshold == 0 and slope == 0 and highest == 6:
            return "relu6", ()
        bounds = (-math.inf, math.inf) if highest is None else (0.0, highest)
        return "bounded_relu", (slope, *bounds, threshold)


class Gelu(Elementwise):
    """Keras's `gelu`, exact or by a hyperbolic tangent."""

    def kernel(self) -> tuple[str, tuple[float, ...]]:
        """Return which of the two."""
        return "approximate_gelu" if self.settings["approximate"] else "gelu", ()
