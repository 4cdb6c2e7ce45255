"""Activations that take the elements along an axis together."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.activations.function import ActivationFunction
from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import rows


class OverAxis(ActivationFunction):
    """An activation whose kernels take the rows of a matrix.

    Where its axis is another than the last, arrays are turned on the way to them and
    back.
    """

    def choose_kernels(self) -> None:
        """Find both kernels; rules know the function over the last axis alone."""
        self._forward = kernels.OPERATIONS[f"{self.__name__}_forward"]
        self._backward = kernels.OPERATIONS[f"{self.__name__}_backward"]
        self.operation = self.__name__ if self.settings["axis"] == -1 else ""

    def forward(self, x: np.ndarray, y: np.ndarray) -> None:
        """Write the function of x into y; y may be x itself."""
        self._along_rows(self._forward, x, y)

    def backward(self, kept: np.ndarray, dy: np.ndarray, dx: np.ndarray) -> None:
        """Write ∂loss/∂x into dx; dx may be dy itself."""
        self._along_rows(self._backward, kept, dy, dx)

    def _along_rows(self, kernel: Any, *arrays: np.ndarray) -> None:
        if arrays[0].size == 0:
            return
        axes = self.axes(arrays[0].ndim)
        last = tuple(range(-len(axes), 0))
        if axes == (arrays[0].ndim - 1,):
            kernel(*map(rows, arrays))
            return
        turned = [np.moveaxis(array, axes, last) for array in arrays]
        size = int(np.prod(turned[0].shape[-len(axes) :]))
        result = np.empty(turned[0].shape, turned[0].dtype)
        kernel(
            *(np.ascontiguousarray(array).reshape(-1, size) for array in turned[:-1]),
            result.reshape(-1, size),
        )
        turned[-1][...] = result

    def axes(self, ndim: int) -> tuple[int, ...]:
        """Return the axes of an array with so many dimensions, counted from 0.

        Raises:
            ValueError: it has no such axis.
        """
        axis = self.settings["axis"]
        if axis is None:
            return tuple(range(ndim))
        axes = (axis,) if isinstance(axis, int) else axis
        if ndim == 0:
            raise ValueError(
                f"{self.__name__}: expected at least one dimension, received ()"
            )
        if not all(-ndim <= one < ndim for one in axes):
            raise ValueError(
                f"{self.__name__}: expected an axis of {ndim} dimensions, "
                f"received axis={axis}"
            )
        return tuple(sorted(one % ndim for one in axes))


def axis(who: str, name: str, value: Any) -> int | tuple[int, ...] | None:
    """Return an axis, or several; None stands for all.

    Raises:
        ValueError: it is neither.
    """
    several = value if isinstance(value, list | tuple) else (value,)
    if value is not None and not (several and all(map(arguments.is_integer, several))):
        raise ValueError(
            f"{who}: expected one or several integers for {name}, received {value!r}"
        )
    if len(several) == 1:
        return None if value is None else int(several[0])
    return tuple(int(one) for one in several)
