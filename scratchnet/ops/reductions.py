"""Sums, means and extremes along axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.foundation.shapes import Shape
from scratchnet.ops.operation import HOLE, Operation

Axes = tuple[int, ...]


class Reduction(Operation):
    """A number for all elements along some axes.

    Args:
        arguments: of the call.
        axis: an axis or several; None is all.
        keepdims: whether the axes stay, with size 1.
        **kwargs: `Layer`'s arguments.
    """

    def __init__(
        self,
        arguments: Any = (HOLE,),
        axis: Any = None,
        keepdims: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("initial", None)
        super().__init__(arguments, **kwargs)
        self.axis = tuple(axis) if isinstance(axis, list) else axis
        self.keepdims = bool(keepdims)

    def _axes(self, ndim: int) -> tuple[int, ...]:
        axes = range(ndim) if self.axis is None else np.atleast_1d(self.axis)
        for axis in axes:
            if not -ndim <= axis < ndim:
                raise ValueError(
                    f"{self.label}: expected an axis of {ndim}, received {self.axis}"
                )
        return tuple(int(axis) % ndim for axis in axes)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the shape without the axes, or with size 1 there."""
        (shape,) = self.operand_shapes(input_shape)
        axes = self._axes(len(shape))
        kept = [1 if i in axes else size for i, size in enumerate(shape)]
        left = [size for i, size in enumerate(shape) if i not in axes]
        return tuple(kept if self.keepdims else left)

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Compute y."""
        (x,) = self.operands(x)
        axes = self._axes(x.ndim)
        y = self.of(x, axes)
        self.remember((x, y, axes), training=training)
        return y if self.keepdims else y.reshape(np.squeeze(y, axes).shape)

    def backward(self, dy: np.ndarray) -> Any:
        """Spread dy along the axes."""
        x, y, axes = self.recall()
        dy = dy.reshape(y.shape)
        return np.ascontiguousarray(
            np.broadcast_to(self.spread(dy, x, y, axes), x.shape)
        )

    def of(self, x: np.ndarray, axes: Axes) -> np.ndarray:
        """Return y, with size 1 along the axes."""
        raise NotImplementedError

    def spread(
        self, dy: Any, x: np.ndarray, y: np.ndarray, axes: tuple[int, ...]
    ) -> Any:
        """Return what becomes dx where it is repeated along the axes."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {"name": self.name, "axis": self.axis, "keepdims": self.keepdims}


class Sum(Reduction):
    """y = ∑ x."""

    adds_up = True

    def of(self, x: np.ndarray, axes: Axes) -> np.ndarray:
        """Return the sum."""
        return x.sum(axes, keepdims=True)

    def spread(
        self, dy: Any, x: np.ndarray, y: np.ndarray, axes: tuple[int, ...]
    ) -> Any:
        """Return dy."""
        return dy


class Mean(Reduction):
    """y = ∑ x / count."""

    def of(self, x: np.ndarray, axes: Axes) -> np.ndarray:
        """Return the mean."""
        return x.mean(axes, keepdims=True)

    def spread(
        self, dy: Any, x: np.ndarray, y: np.ndarray, axes: tuple[int, ...]
    ) -> Any:
        """Return dy / count."""
        return dy / x.dtype.type(math.prod(x.shape[axis] for axis in axes))


class Max(Reduction):
    """y = max x; equal ones share the gradient, as in TensorFlow."""

    of_whole_numbers = True

    def of(self, x: np.ndarray, axes: Axes) -> np.ndarray:
        """Return the largest."""
        return x.max(axes, keepdims=True)

    def spread(
        self, dy: Any, x: np.ndarray, y: np.ndarray, axes: tuple[int, ...]
    ) -> Any:
        """Return dy, shared by the elements that equal y."""
        chosen = x == y
        return dy * chosen / chosen.sum(axes, keepdims=True, dtype=x.dtype)


class Min(Max):
    """y = min x; equal ones share the gradient, as in TensorFlow."""

    def of(self, x: np.ndarray, axes: Axes) -> np.ndarray:
        """Return the smallest."""
        return x.min(axes, keepdims=True)
