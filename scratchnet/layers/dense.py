"""The fully connected layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape, format_shape, rows
from scratchnet.layers.kernel_and_bias import KernelAndBias


@keras_signature
class Dense(KernelAndBias):
    """Every output is a weighted sum of every input.

        y = activation(z),  z = x · kernel + bias
        d_kernel = xᵀ · dz      d_bias = ∑ₙ dz      dx = dz · kernelᵀ

    Shapes:
        x: (N, I), or (..., I) with the leading dimensions taken as a batch
        kernel: (I, O), bias: (O,), y: (N, O)

    Args:
        units: O, the number of outputs, at least 1.
        activation: name or function; None is linear.
        use_bias: whether a bias is added.
        kernel_initializer: first values of the kernel.
        bias_initializer: first values of the bias.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: units is not a positive integer.

    Reference: `keras/src/layers/core/dense.py`.

    >>> layer = Dense(2, kernel_initializer="ones")
    >>> layer([[1.0, 2.0, 3.0]])
    array([[6., 6.]], dtype=float32)
    """

    operation = "dense"

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            **kwargs,
        )
        self.units = arguments.positive_int(self.label, "units", units)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Replace the last dimension by units.

        Raises:
            ValueError: the input has no dimension besides the batch.
        """
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(
                f"{self.label}: expected input (N, ..., I), "
                f"received {format_shape(input_shape)}"
            )
        return (*input_shape[:-1], self.units)

    def kernel_shape(self, input_shape: Shape) -> Shape:
        """Return (I, O)."""
        return (input_shape[-1], self.units)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute y = activation(x · kernel + bias)."""
        y = self.empty("y", (*x.shape[:-1], self.units))
        kernels.dense_forward(rows(x), self.params["kernel"], self.added_bias, rows(y))
        return self.activate(x, y, training=training)

    def learn(self, dy: np.ndarray) -> np.ndarray:
        """Overwrite d_kernel and d_bias, and return dz."""
        x, _ = self.recall()
        dz = self.gradient_before_activation(dy)
        kernels.dense_backward_weight(
            rows(x), rows(dz), self.grads["kernel"], self.d_bias
        )
        return dz

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Learn, and return dx = dz · kernelᵀ."""
        dz = self.learn(dy)
        dx = self.empty("dx", self.recall()[0].shape)
        kernels.dense_backward_input(rows(dz), self.params["kernel"], rows(dx))
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "units": self.units}
