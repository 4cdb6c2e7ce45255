"""The fully connected layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments, lookup
from scratchnet.foundation.shapes import Shape, format_shape, rows
from scratchnet.foundation.subset import refuse
from scratchnet.layers.weighted import WeightedLayer


class Dense(WeightedLayer):
    """Every output is a weighted sum of every input.

        y = activation(x · kernel + bias)
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
        kernel_regularizer: outside the subset, as are the arguments after it.
        bias_regularizer: outside the subset.
        activity_regularizer: outside the subset.
        kernel_constraint: outside the subset.
        bias_constraint: outside the subset.
        lora_rank: outside the subset.
        lora_alpha: outside the subset.
        quantization_config: outside the subset.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: units is no positive whole number.
        NotImplementedError: an argument outside the subset is used.

    Reference: `keras/src/layers/core/dense.py`.

    >>> layer = Dense(2, kernel_initializer="ones")
    >>> layer([[1.0, 2.0, 3.0]])
    array([[6., 6.]], dtype=float32)
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: Any = None,
        lora_alpha: Any = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        """Check and keep the hyperparameters."""
        super().__init__(
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        refuse(
            self.label,
            kernel_regularizer=(kernel_regularizer, None),
            bias_regularizer=(bias_regularizer, None),
            kernel_constraint=(kernel_constraint, None),
            bias_constraint=(bias_constraint, None),
            lora_rank=(lora_rank, None),
            lora_alpha=(lora_alpha, None),
            quantization_config=(quantization_config, None),
        )
        self.units = arguments.positive_int(self.label, "units", units)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Allocate kernel (I, O) and bias (O,)."""
        self.add_kernel(self.weight_shapes(input_shape)["kernel"], rng)

    def weight_shapes(self, input_shape: Shape) -> dict[str, tuple[int, ...]]:
        """Return kernel (I, O) and bias (O,)."""
        kernel = (int(input_shape[-1] or 0), self.units)
        bias = {"bias": (self.units,)} if self.use_bias else {}
        return {"kernel": kernel, **bias}

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

    def pre_activation(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute z = x · kernel + bias."""
        z = self.empty("y", (*x.shape[:-1], self.units))
        kernels.dense_forward(rows(x), self.params["kernel"], self.bias, rows(z))
        self.remember(x, training=training)
        return z

    def backward_params(self, dz: np.ndarray) -> None:
        """Overwrite d_kernel and d_bias."""
        x = self.recall()
        kernels.dense_backward_weight(rows(x), rows(dz), *self.gradient_arrays())

    def backward_input(self, dz: np.ndarray) -> np.ndarray:
        """Return dx = dz · kernelᵀ."""
        dx = self.empty("dx", self.recall().shape)
        kernels.dense_backward_input(rows(dz), self.params["kernel"], rows(dx))
        return dx

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
