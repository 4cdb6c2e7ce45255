"""Reshape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.layers.layer import Layer


class Reshape(Layer):
    """Lay each sample's numbers out in another shape, in the same order.

    Shapes:
        x: (N, …), y: (N, *target_shape), as many numbers in each sample

    Args:
        target_shape: of one sample; one size may be −1, and follows from the others.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        TypeError: target_shape is not a tuple.
        ValueError: it has a size other than a positive integer or one −1, or the
            samples have another number of elements.

    Reference: `keras/src/layers/reshaping/reshape.py`.

    >>> Reshape((2, -1))([[1.0, 2.0, 3.0, 4.0]])
    array([[[1., 2.],
            [3., 4.]]], dtype=float32)
    """

    operation = "reshape"
    built_at_once = True

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(target_shape, tuple | list):
            raise TypeError(
                f"{self.label}: expected target_shape to be a tuple, "
                f"received {target_shape!r}"
            )
        for size in target_shape:
            if not arguments.is_integer(size) or (size < 1 and size != -1):
                raise ValueError(
                    f"{self.label}: expected positive integers or −1 in "
                    f"target_shape, received {target_shape!r}"
                )
        if list(target_shape).count(-1) > 1:
            raise ValueError(
                f"{self.label}: expected at most one −1 in target_shape, "
                f"received {target_shape!r}"
            )
        self.target_shape = tuple(map(int, target_shape))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, *target_shape), the −1 worked out; from an open shape it is None.

        Raises:
            ValueError: a sample has another number of elements.
        """
        batch, *sizes = input_shape
        known = math.prod(size for size in self.target_shape if size != -1)
        if None in sizes:
            target = [None if size == -1 else size for size in self.target_shape]
            return (batch, *target)
        total = math.prod(int(size or 0) for size in sizes)
        if total % known or (total != known and -1 not in self.target_shape):
            raise ValueError(
                f"{self.label}: expected an input that fills {self.target_shape}, "
                f"received {format_shape(input_shape)}"
            )
        rest = total // known
        return (batch, *(rest if size == -1 else size for size in self.target_shape))

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Return a view of x."""
        self.remember(x.shape, training=training)
        shape: Any = self.compute_output_shape(x.shape)
        return x.reshape(shape)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Give the gradient the input's shape."""
        shape = self.recall()
        return self.check_gradient(dy, self.compute_output_shape(shape)).reshape(shape)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "target_shape": self.target_shape}
