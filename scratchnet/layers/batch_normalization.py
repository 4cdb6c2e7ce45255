"""Batch normalisation."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from scratchnet import initializers, kernels
from scratchnet.foundation import arguments, lookup
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape, format_shape, rows
from scratchnet.layers.layer import Layer


@keras_signature
class BatchNormalization(Layer):
    """Give every channel mean 0 and variance 1 over the batch, then scale and shift.

        y = γ · (x − μ) / √(σ² + ε) + β

    When training, μ and σ² (divided by M, not M − 1) are those of the batch, and the
    moving statistics follow them:

        moving = momentum · moving + (1 − momentum) · batch

    At inference the moving statistics take their place. A layer with
    ``trainable=False`` always runs as at inference. The momentum is the share that is
    kept: 0.99 here is 0.01 in PyTorch.

    Shapes:
        x, y: (N, ..., C); gamma, beta, moving_mean, moving_variance: (C,)

    Args:
        axis: the channel's axis; only the last one is supported.
        momentum: share of the moving statistics kept per batch, [0, 1].
        epsilon: ε, added to the variance, above 0.
        center: whether β is added.
        scale: whether γ multiplies.
        beta_initializer: first values of β.
        gamma_initializer: first values of γ.
        moving_mean_initializer: first values of the moving mean.
        moving_variance_initializer: first values of the moving variance.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: momentum or epsilon is out of range, or axis is not the last.

    References: Ioffe and Szegedy (2015), algorithms 1 and 2;
    `keras/src/layers/normalization/batch_normalization.py`.
    """

    weight_names = ("gamma", "beta", "moving_mean", "moving_variance")
    operation = "batch_normalization"
    free_output = True
    free_gradient = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ValueError(
                f"{self.label}: expected an integer for axis, received {axis!r}"
            )
        self.axis = axis
        self.momentum = arguments.fraction(self.label, "momentum", momentum)
        self.epsilon = arguments.positive(self.label, "epsilon", epsilon)
        self.center, self.scale = bool(center), bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape.

        Raises:
            ValueError: there is no channel dimension, or axis is not the last.
        """
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(
                f"{self.label}: expected input (N, ..., C), "
                f"received {format_shape(input_shape)}"
            )
        if self.axis not in (-1, len(input_shape) - 1):
            raise ValueError(
                f"{self.label}: expected axis to be the last (-1 or "
                f"{len(input_shape) - 1}), received {self.axis}"
            )
        return input_shape

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of γ, β and the moving statistics, all (C,)."""
        absent = {"gamma": not self.scale, "beta": not self.center}
        return {
            name: (input_shape[-1],)
            for name in self.weight_names
            if not absent.get(name, False)
        }

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Allocate them."""
        shapes: Any = self.weight_shapes(input_shape)
        for name, shape in shapes.items():
            value = getattr(self, f"{name}_initializer")(shape, self.dtype, rng)
            if name in ("gamma", "beta"):
                self.add_param(name, value)
            else:
                self.buffers[name] = value
        channels = shapes["moving_mean"]
        self._ones = np.ones(channels, self.dtype)
        self._zeros = np.zeros(channels, self.dtype)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Normalise by the batch's statistics, or by the moving ones."""
        y = self.empty("y", x.shape)
        gamma, beta = self.gamma_or_ones, self.beta_or_zeros
        if not (training and self.trainable):
            moving = self.buffers["moving_mean"], self.buffers["moving_variance"]
            kernels.batch_normalization_inference(
                rows(x), gamma, beta, *moving, self.epsilon, rows(y)
            )
            self.remember((x, None, None), training=training)
            return y
        mean, variance = (
            self.empty(name, gamma.shape) for name in ("mean", "variance")
        )
        kernels.batch_normalization_forward(
            rows(x), gamma, beta, self.epsilon, rows(y), mean, variance
        )
        if len(x) > 0:  # no samples have no statistics
            self.follow(mean, variance)
        self.remember((x, mean, variance), training=True)
        return y

    def follow(self, mean: np.ndarray, variance: np.ndarray) -> None:
        """Let the moving statistics follow a batch's."""
        for name, batch in (("moving_mean", mean), ("moving_variance", variance)):
            moving = self.buffers[name]
            moving *= self.dtype.type(self.momentum)
            moving += batch * self.dtype.type(1 - self.momentum)

    @property
    def gamma_or_ones(self) -> np.ndarray:
        """The scale; ones if there is none to learn."""
        return self.params["gamma"] if self.scale else self._ones

    @property
    def beta_or_zeros(self) -> np.ndarray:
        """The offset; zeros if there is none to learn."""
        return self.params["beta"] if self.center else self._zeros

    def gradient_arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Where d_gamma and d_beta go; what is not learnt goes to spare arrays."""
        spare = [
            self.empty(name, self.gamma_or_ones.shape) for name in ("d_gamma", "d_beta")
        ]
        return self.grads.get("gamma", spare[0]), self.grads.get("beta", spare[1])

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Compute d_gamma and d_beta, and return dx."""
        x, mean, variance = self.recall()
        dy = self.check_gradient(dy, x.shape)
        dx = self.empty("dx", x.shape)
        gamma = self.gamma_or_ones
        gradients = (rows(dy), rows(dx), *self.gradient_arrays())
        if mean is not None:
            kernels.batch_normalization_backward(
                rows(x), mean, variance, gamma, self.epsilon, *gradients
            )
        else:
            moving = self.buffers["moving_mean"], self.buffers["moving_variance"]
            kernels.batch_normalization_backward_inference(
                rows(x), *moving, gamma, self.epsilon, *gradients
            )
        return dx

    def at_inference(self) -> Layer:
        """Return a copy that normalises by the moving statistics."""
        fixed = copy.copy(self)
        fixed.trainable = False
        return fixed

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        names = ("beta", "gamma", "moving_mean", "moving_variance")
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **{
                f"{name}_initializer": lookup.describe(
                    getattr(self, f"{name}_initializer")
                )
                for name in names
            },
        }
