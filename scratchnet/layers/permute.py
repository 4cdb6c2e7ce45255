"""Dimensions in another order."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.layers.layer import Layer


class Permute(Layer):
    """Put the dimensions of each sample in another order, as a transposition does.

        y[n, i_dims[0], i_dims[1], …] = x[n, i₁, i₂, …]

    Shapes:
        x: (N, S₁, S₂, …), y: (N, S_dims[0], S_dims[1], …)

    Args:
        dims: the numbers of x's dimensions as they follow one another in y; the first
            one behind the batch is 1.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: dims is not each of 1, 2, … once, or the input has another number
            of dimensions.

    Reference: `keras/src/layers/reshaping/permute.py`.

    >>> Permute((2, 1))([[[1.0, 2.0, 3.0]]]).shape
    (1, 3, 1)
    """

    operation = "permute"
    free_output = True
    free_gradient = True

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"{self.label}: expected dims to be each of 1, 2, … once, "
                f"received {dims!r}"
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the sizes in their new order.

        Raises:
            ValueError: the input has another number of dimensions.
        """
        if len(input_shape) != len(self.dims) + 1:
            expected = ", ".join(["N", *(f"S{i + 1}" for i in range(len(self.dims)))])
            raise ValueError(
                f"{self.label}: expected input ({expected}), "
                f"received {format_shape(input_shape)}"
            )
        return (input_shape[0], *(input_shape[dim] for dim in self.dims))

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Copy x in its new order."""
        y = self.empty("y", self.compute_output_shape(x.shape))
        np.copyto(y, x.transpose(0, *self.dims))
        self.remember(y.shape, training=training)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Copy the gradient in the old order."""
        old = self.check_gradient(dy, self.recall())
        old = old.transpose(np.argsort((0, *self.dims)))
        dx = self.empty("dx", old.shape)
        np.copyto(dx, old)
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "dims": self.dims}
