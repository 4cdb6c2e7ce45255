"""The fully connected layer."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from scratchnet import activations, initializers, kernels
from scratchnet.foundation import arguments, lookup
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape, format_shape, rows
from scratchnet.layers.activation import Activation
from scratchnet.layers.layer import Layer


@keras_signature
class Dense(Layer):
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

    weight_names = ("kernel", "bias")
    operation = "dense"
    free_output = True
    free_gradient = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = arguments.positive_int(self.label, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

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

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of kernel (I, O) and bias (O,)."""
        shapes: dict[str, Shape] = {"kernel": (input_shape[-1], self.units)}
        return {**shapes, "bias": (self.units,)} if self.use_bias else shapes

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Allocate kernel and bias."""
        shapes: Any = self.weight_shapes(input_shape)
        self.add_param(
            "kernel", self.kernel_initializer(shapes["kernel"], self.dtype, rng)
        )
        if self.use_bias:
            self.add_param(
                "bias", self.bias_initializer(shapes["bias"], self.dtype, rng)
            )
        self._no_bias = np.zeros(self.units, self.dtype)

    @property
    def bias(self) -> np.ndarray:
        """The bias; zeros if there is none to learn."""
        return self.params.get("bias", self._no_bias)

    @property
    def d_bias(self) -> np.ndarray:
        """Where its gradient goes; a spare array if there is none to learn."""
        if self.use_bias:
            return self.grads["bias"]
        return self.empty("d_bias", (self.units,))

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute y = activation(x · kernel + bias)."""
        y = self.empty("y", (*x.shape[:-1], self.units))
        kernels.dense_forward(rows(x), self.params["kernel"], self.bias, rows(y))
        self.activation.forward(y, y)
        self.remember((x, y), training=training)
        return y

    def learn(self, dy: np.ndarray) -> np.ndarray:
        """Overwrite d_kernel and d_bias, and return dz."""
        x, y = self.recall()
        dz = dy = self.check_gradient(dy, y.shape)
        if self.activation is not activations.linear:
            dz = self.empty("dz", y.shape)
            self.activation.backward(y, dy, dz)
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

    def lower(self, program: Any, *places: int) -> int:
        """Append the product, and the activation as an operation of its own."""
        product = copy.copy(self)
        product.activation = activations.linear
        place = program.append(product, *places)
        activation = Activation(self.activation, name=self.name, dtype=self.dtype)
        return activation.lower(program, place)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": self.activation.name,
            "use_bias": self.use_bias,
            "kernel_initializer": lookup.describe(self.kernel_initializer),
            "bias_initializer": lookup.describe(self.bias_initializer),
        }
