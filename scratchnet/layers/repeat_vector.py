"""A vector several times."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.layer import Layer


class RepeatVector(Layer):
    """Repeat each vector: y[b, i, f] = x[b, f] and so dx[b, f] = ∑ᵢ dy[b, i, f].

    Shapes:
        x: (N, F), y: (N, n, F)

    Args:
        n: how often, at least once.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        TypeError: n is not an integer.
        ValueError: n is below 1, or the input is not (N, F).

    Reference: `keras/src/layers/reshaping/repeat_vector.py`.

    >>> RepeatVector(2)([[1.0, 2.0]])
    array([[[1., 2.],
            [1., 2.]]], dtype=float32)
    """

    operation = "repeat_vector"
    free_output = True
    free_gradient = True

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not arguments.is_integer(n):
            raise TypeError(f"{self.label}: expected an integer for n, received {n!r}")
        self.n = arguments.positive_int(self.label, "n", n)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, n, F).

        Raises:
            ValueError: the input is not (N, F).
        """
        arguments.rank(self.label, input_shape, "(N, F)")
        return (input_shape[0], self.n, input_shape[1])

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Copy x n times."""
        y = self.empty("y", self.compute_output_shape(x.shape))
        np.copyto(y, x[:, np.newaxis])
        self.remember(x.shape, training=training)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Add the gradients of the copies up."""
        shape = self.recall()
        dy = self.check_gradient(dy, self.compute_output_shape(shape))
        dx = self.empty("dx", shape)
        np.sum(dy, axis=1, out=dx)
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "n": self.n}
