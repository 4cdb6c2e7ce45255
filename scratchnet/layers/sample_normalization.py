"""The base of layers that normalise each sample by itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet import initializers, kernels
from scratchnet.foundation import arguments, lookup
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.layers.layer import Layer


class SampleNormalization(Layer):
    """y = gamma · (x − mean) / √(variance + epsilon) + beta, within each sample.

    A subclass says what is normalised together: `axes` are those that gamma and beta
    have a number for each of, and `groups` how many parts they are cut into.

    Args:
        epsilon: added to the variance, above 0.
        center: whether beta is added.
        scale: whether gamma multiplies.
        beta_initializer: first values of beta.
        gamma_initializer: first values of gamma.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Attributes:
        per_pixel: whether each place outside of `axes` is normalised by itself.
    """

    weight_names = ("gamma", "beta")
    operation = "group_normalization"
    free_output = True
    free_gradient = True
    per_pixel = False

    def __init__(
        self,
        *,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = arguments.positive(self.label, "epsilon", epsilon)
        self.center, self.scale = bool(center), bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)

    def axes(self, input_shape: Shape) -> tuple[int, ...]:
        """Return the axes of gamma and beta, counted from 0, in order."""
        raise NotImplementedError

    def groups_of(self, channels: int) -> int:
        """Return how many groups there are; here: one."""
        return 1

    def checked_axes(self, input_shape: Shape, axes: Any) -> tuple[int, ...]:
        """Return axes counted from 0, in order.

        Raises:
            ValueError: the input has no such axis, or is open there, or it is the
                batch's.
        """
        rank = len(input_shape)
        found = {axis % rank for axis in axes if -rank <= axis < rank}
        if 0 in found or len(found) < len(axes) or None in input_shape[1:]:
            raise ValueError(
                f"{self.label}: expected axes behind the batch's of an input whose "
                f"sizes are known, received {list(axes)} and "
                f"{format_shape(input_shape)}"
            )
        return tuple(sorted(found))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape.

        Raises:
            ValueError: it has not the axes that are normalised.
        """
        self.axes(input_shape)
        return input_shape

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of gamma and beta."""
        shape = tuple(input_shape[axis] for axis in self.axes(input_shape))
        used = {"gamma": self.scale, "beta": self.center}
        return {name: shape for name in self.weight_names if used[name]}

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Allocate gamma and beta."""
        shapes: Any = self.weight_shapes(input_shape)
        for name, shape in shapes.items():
            first = getattr(self, f"{name}_initializer")
            self.add_param(name, first(shape, self.dtype, rng))

    def parameters(self, channels: int) -> tuple[np.ndarray, np.ndarray]:
        """Return gamma and beta in a row; ones and zeros where they are not learnt."""
        gamma = self.params.get("gamma", np.ones(channels, self.dtype))
        beta = self.params.get("beta", np.zeros(channels, self.dtype))
        return gamma.reshape(-1), beta.reshape(-1)

    def pixels(self, x: np.ndarray) -> np.ndarray:
        """Return (N, P, C), C for `axes`; a copy if these are not the last."""
        axes = self.axes(x.shape)
        last = range(-len(axes), 0)
        moved = np.ascontiguousarray(np.moveaxis(x, axes, last))
        split = moved.ndim - len(axes)
        samples = moved.shape[:split] if self.per_pixel else moved.shape[:1]
        channels = math.prod(moved.shape[split:])
        return moved.reshape(
            math.prod(samples),
            math.prod(moved.shape[len(samples) : split]),
            channels,
        )

    def _back(self, pixels: np.ndarray, like: np.ndarray) -> np.ndarray:
        """Return what `pixels` made in the shape that it came from."""
        axes = self.axes(like.shape)
        last = range(-len(axes), 0)
        moved = np.moveaxis(like, axes, last)
        return np.ascontiguousarray(
            np.moveaxis(pixels.reshape(moved.shape), last, axes)
        )

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Normalise, scale and shift."""
        pixels = self.pixels(x)
        N, _, channels = pixels.shape
        gamma, beta = self.parameters(channels)
        groups = self.groups_of(channels)
        y = self.empty("y", pixels.shape)
        mean, variance = (
            self.empty(name, (N, groups)) for name in ("mean", "variance")
        )
        kernels.group_normalization_forward(
            *(pixels, gamma, beta, groups, self.epsilon, y, mean, variance)
        )
        self.remember((x, pixels, mean, variance), training=training)
        return self._back(y, x)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Compute d_gamma and d_beta, and return dx."""
        x, pixels, mean, variance = self.recall()
        dy = self.pixels(self.check_gradient(dy, x.shape))
        channels = pixels.shape[-1]
        gamma, _ = self.parameters(channels)
        dx = self.empty("dx", pixels.shape)
        own = [
            self.grads[name].reshape(-1)
            if name in self.grads
            else self.empty(f"d_{name}", (channels,))
            for name in self.weight_names
        ]
        kernels.group_normalization_backward(
            *(pixels, mean, variance, gamma, self.groups_of(channels), self.epsilon),
            *(dy, dx, *own),
        )
        return self._back(dx, x)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": lookup.describe(self.beta_initializer),
            "gamma_initializer": lookup.describe(self.gamma_initializer),
        }
