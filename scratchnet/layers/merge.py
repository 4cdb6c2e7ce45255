"""Layers that join branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.lookup import missing_attribute
from scratchnet.foundation.shapes import Shape, broadcast, format_shape, summed_to
from scratchnet.layers.layer import Layer


class Merge(Layer):
    """The base of layers that read several inputs, and write one output.

    ``forward`` takes a list of arrays, ``backward`` returns a list of gradients, one
    for each of them.

    Reference: `keras/src/layers/merging/base_merge.py`.
    """

    def cast(self, x: Any) -> list[np.ndarray]:
        """Cast each input, if there are at least two."""
        if not isinstance(x, list | tuple) or len(x) < 2:
            raise ValueError(
                f"{self.label}: expected a list of at least two inputs, "
                f"received {type(x).__name__}"
                + (f" of {len(x)}" if isinstance(x, list | tuple) else "")
            )
        return [super(Merge, self).cast(one) for one in x]

    def shape_of(self, x: Any) -> list[Any]:
        """Return the shapes of the inputs."""
        if not isinstance(x, list | tuple) or len(x) < 2:
            self.cast(x)  # which says what is wrong
        return [one.shape for one in x]

    def open_batch(self, shape: Any) -> list[Any]:
        """Return the inputs' shapes with None for the batch's size."""
        return [super(Merge, self).open_batch(one) for one in shape]

    def check_input(self, shape: Any) -> None:
        """Compare the inputs' shapes with those that the layer was built for.

        Raises:
            ValueError: their number, a rank or a dimension differs.
        """
        expected = self.input_shape
        if expected is not None and self.open_batch(shape) != expected:
            raise ValueError(
                f"{self.label}: expected inputs "
                f"{', '.join(map(format_shape, expected))}, "
                f"received {', '.join(map(format_shape, shape))}"
            )


class Elementwise(Merge):
    """The base of layers that compute y from elements of the inputs at one place.

    An input is repeated along dimensions of size 1, and one with fewer dimensions gets
    them behind the batch's: (N, C) meets (N, H, W, C) as (N, 1, 1, C). A subclass
    writes `join` and `part`.
    """

    def join(self, x: list[np.ndarray], y: np.ndarray) -> None:
        """Write what the inputs make into y."""
        raise NotImplementedError

    def part(self, x: list[np.ndarray], i: int, y: np.ndarray, dy: np.ndarray) -> Any:
        """Return ∂loss/∂xᵢ, in y's shape."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the shape that the inputs have together.

        Raises:
            ValueError: two differ in a dimension in which neither is 1.
        """
        try:
            rest = broadcast(*(tuple(shape[1:]) for shape in input_shape))
        except ValueError:
            raise ValueError(
                f"{self.label}: expected inputs whose dimensions are the same, or 1, "
                f"received {', '.join(map(format_shape, input_shape))}"
            ) from None
        return (input_shape[0][0], *rest)

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Compute y from the inputs, broadcast."""
        y = self.empty("y", self._shape(x))
        aligned = [
            one.reshape(len(one), *(1,) * (y.ndim - one.ndim), *one.shape[1:])
            for one in x
        ]
        self.join(aligned, y)
        self.remember((aligned, [one.shape for one in x], y), training=training)
        return y

    def _shape(self, x: list[np.ndarray]) -> Any:
        first = len(x[0])
        if any(len(one) != first for one in x):
            raise ValueError(
                f"{self.label}: expected inputs of one batch size, received "
                f"{', '.join(str(one.shape) for one in x)}"
            )
        return self.compute_output_shape([one.shape for one in x])

    def backward(self, dy: np.ndarray) -> Any:
        """Return each input's gradient, added up where it was repeated."""
        aligned, shapes, y = self.recall()
        dy = self.check_gradient(dy, y.shape)
        return [
            summed_to(self.part(aligned, i, y, dy), one.shape).reshape(shape)
            for i, (one, shape) in enumerate(zip(aligned, shapes, strict=True))
        ]


def fold(operation: np.ufunc, x: list[np.ndarray], y: np.ndarray) -> None:
    """Write x₁ ∘ x₂ ∘ … into y, from the first to the last."""
    operation(x[0], x[1], out=y)
    for more in x[2:]:
        operation(y, more, out=y)


def chosen(x: list[np.ndarray], i: int, y: np.ndarray) -> np.ndarray:
    """Tell where the i-th input is the first that equals y."""
    mine = x[i] == y
    for before in x[:i]:
        mine &= before != y
    return mine


# Older Keras had more in a module of this name.
__getattr__ = missing_attribute(__name__, ())
