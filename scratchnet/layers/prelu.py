"""The rectified linear unit whose slope is learnt."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet import initializers, kernels
from scratchnet.foundation import arguments, lookup
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.layers.layer import Layer


@keras_signature
class PReLU(Layer):
    """y = x where x > 0, else alpha · x, with an alpha for each element of a sample.

        d_alpha = ∑ dy · x where x < 0      dx = dy where x > 0, alpha · dy where x < 0

    Shapes:
        x, y: (N, ...); alpha: a sample's, with 1 for each of the shared axes

    Args:
        alpha_initializer: first values of alpha.
        shared_axes: axes, counted from 1 for the first behind the batch, along which
            alpha is the same: ``[1, 2]`` learns one number for each channel of images.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: shared_axes is no list of axes, or x has no such axis.

    References: He et al. (2015), section 2.1;
    `keras/src/layers/activations/prelu.py`.
    """

    weight_names = ("alpha",)
    operation = "parametric_relu"
    free_gradient = True
    free_output = True

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        if shared_axes is not None and not isinstance(shared_axes, list | tuple):
            shared_axes = [shared_axes]
        if not all(
            arguments.is_integer(axis) and axis >= 1 for axis in shared_axes or ()
        ):
            raise ValueError(
                f"{self.label}: expected shared_axes to be integers of at least 1, the "
                f"first behind the batch, received {shared_axes!r}"
            )
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape.

        Raises:
            ValueError: it is open, or there is no such axis to share.
        """
        shared = self.shared_axes or [1]
        if None in input_shape[1:] or max(shared) >= len(input_shape):
            raise ValueError(
                f"{self.label}: expected input (N, ...) with the axes {shared}, "
                f"received {format_shape(input_shape)}"
            )
        return input_shape

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shape of alpha."""
        shared = self.shared_axes or ()
        sizes = enumerate(input_shape[1:], 1)
        return {"alpha": tuple(1 if axis in shared else n for axis, n in sizes)}

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Allocate alpha."""
        shape: Any = self.weight_shapes(input_shape)["alpha"]
        self.add_param("alpha", self.alpha_initializer(shape, self.dtype, rng))

    def _flat(self, *arrays: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return alpha as one row, and arrays of the batch's shape as rows like it.

        Shared axes at the front make more rows. Along others, alpha is written out.
        """
        alpha, sample = self.params["alpha"], arrays[0].shape[1:]
        front = 0
        while front < len(sample) and alpha.shape[front] == 1:
            front += 1
        if alpha.shape[front:] != sample[front:]:
            front = 0
        row = np.broadcast_to(alpha.reshape(alpha.shape[front:]), sample[front:])
        width = math.prod(sample[front:])
        return (
            np.ascontiguousarray(row).reshape(-1),
            [array.reshape(-1, width) for array in arrays],
        )

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute y = x where x > 0, else alpha · x."""
        y = self.empty("y", x.shape)
        alpha, (flat_x, flat_y) = self._flat(x, y)
        kernels.parametric_relu_forward(flat_x, alpha, flat_y)
        self.remember(x, training=training)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Compute d_alpha, and return dx."""
        x = self.recall()
        dy, dx = self.check_gradient(dy, x.shape), self.empty("dx", x.shape)
        alpha, flat = self._flat(x, dy, dx)
        own = self.grads["alpha"]
        d_alpha = np.empty_like(alpha)
        kernels.parametric_relu_backward(flat[0], alpha, *flat[1:], d_alpha)
        if d_alpha.size == own.size:
            own[...] = d_alpha.reshape(own.shape)
        else:
            axes = tuple(axis - 1 for axis in self.shared_axes or ())
            d_alpha.reshape(x.shape[1:]).sum(axes, keepdims=True, out=own)
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "alpha_initializer": lookup.describe(self.alpha_initializer),
            "shared_axes": self.shared_axes,
        }
