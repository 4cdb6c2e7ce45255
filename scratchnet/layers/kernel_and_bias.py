"""What layers with a kernel, a bias and an activation have in common."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from scratchnet import activations, initializers
from scratchnet.foundation import lookup
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.activation import Activation
from scratchnet.layers.layer import Layer


class KernelAndBias(Layer):
    """The base of `Dense` and the convolutions: y = activation(x ∗ kernel + bias).

    A subclass says what ∗ is: it writes `kernel_shape`, ``forward``, ``learn`` and
    ``backward``.

    Args:
        activation: name or function; None is linear.
        use_bias: whether a bias is added, one number for each output channel.
        kernel_initializer: first values of the kernel.
        bias_initializer: first values of the bias.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).
    """

    weight_names = ("kernel", "bias")
    kernel_name = "kernel"
    free_output = True
    free_gradient = True

    def __init__(
        self,
        *,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        bias_initializer: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def kernel_shape(self, input_shape: Shape) -> Shape:
        """Return the kernel's shape for an input's."""
        raise NotImplementedError

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of kernel and bias; the bias is as wide as the output."""
        shapes = {self.kernel_name: self.kernel_shape(input_shape)}
        if self.use_bias:
            shapes["bias"] = self.compute_output_shape(input_shape)[-1:]
        return shapes

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Allocate kernel and bias."""
        shapes: Any = self.weight_shapes(input_shape)
        first = self.kernel_initializer(shapes[self.kernel_name], self.dtype, rng)
        self.add_param(self.kernel_name, first)
        if self.use_bias:
            self.add_param(
                "bias", self.bias_initializer(shapes["bias"], self.dtype, rng)
            )
        channels: Any = self.compute_output_shape(input_shape)[-1]
        self._no_bias = np.zeros(channels, self.dtype)

    @property
    def own_kernel(self) -> np.ndarray:
        """The kernel, by whatever name."""
        return self.params[self.kernel_name]

    @property
    def d_kernel(self) -> np.ndarray:
        """Where its gradient goes."""
        return self.grads[self.kernel_name]

    @property
    def added_bias(self) -> np.ndarray:
        """The bias; zeros if there is none to learn."""
        return self.params.get("bias", self._no_bias)

    @property
    def d_bias(self) -> np.ndarray:
        """Where its gradient goes; a spare array if there is none to learn."""
        if self.use_bias:
            return self.grads["bias"]
        return self.empty("d_bias", self._no_bias.shape)

    def activate(self, x: np.ndarray, z: np.ndarray, *, training: bool) -> np.ndarray:
        """Return activation(z), over z unless the way back reads z; remember that."""
        y = self.empty("activated", z.shape) if self.activation.needs_input else z
        self.activation.forward(z, y)
        self.remember((x, z), training=training)
        return y

    def gradient_before_activation(self, dy: np.ndarray) -> np.ndarray:
        """Return dz = dy · activation′(z), where y = activation(z)."""
        _, kept = self.recall()
        dy = self.check_gradient(dy, kept.shape)
        if self.activation is activations.linear:
            return dy
        dz = self.empty("dz", kept.shape)
        self.activation.backward(kept, dy, dz)
        return dz

    def lower(self, program: Any, *places: int) -> int:
        """Append itself without the activation, and that as an operation of its own."""
        linear = copy.copy(self)
        linear.activation = activations.linear
        place = program.append(linear, *places)
        activation = Activation(self.activation, name=self.name, dtype=self.dtype)
        return activation.lower(program, place)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": lookup.describe(self.kernel_initializer),
            "bias_initializer": lookup.describe(self.bias_initializer),
        }
