"""Shapes: how they are written, and the views that kernels take."""

from __future__ import annotations

from typing import Any

import numpy as np

# Of a batch: None stands for its open size.
Shape = tuple[int | None, ...]


def as_kernels_want(x: Any, dtype: np.dtype) -> np.ndarray:
    """Return x as a C-contiguous, writeable, aligned array of a dtype.

    Writeable, though nothing writes to it: Numba would compile every kernel once more
    for arrays that are read-only, and for those that are not aligned. A `Tensor`
    becomes the plain array that it is.
    """
    if type(x) is np.ndarray and x.dtype == dtype and x.flags.carray:
        return x
    return np.require(x, dtype, ("C", "W", "A", "E"))


def rows(x: np.ndarray) -> np.ndarray:
    """Return x as a matrix: all dimensions but the last are its rows.

    >>> rows(np.zeros((2, 3, 4))).shape
    (6, 4)
    """
    return x.reshape(-1, x.shape[-1])


def format_shape(shape: Shape) -> str:
    """Write a shape as messages do: N for the batch's open dimension.

    >>> format_shape((None, 28, 28, 1))
    '(N, 28, 28, 1)'
    """
    parts = ["N" if size is None else str(size) for size in shape]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def broadcast(*shapes: Shape) -> Shape:
    """Return the shape of what is computed element by element, by NumPy's rule.

    Shapes are aligned at their ends; a size of 1 is repeated; an open one stays open.

    Raises:
        ValueError: two sizes differ.

    >>> broadcast((None, 4, 1), (3,))
    (None, 4, 3)
    """
    sizes = []
    for at in range(max(map(len, shapes)), 0, -1):
        column = {shape[-at] for shape in shapes if len(shape) >= at} - {1}
        if len(column) > 1:
            raise ValueError("two sizes differ")
        sizes.append(column.pop() if column else 1)
    return tuple(sizes)


def summed_to(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Add up what broadcasting has repeated: the way back from `broadcast`.

    >>> summed_to(np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    """
    extra = x.ndim - len(shape)
    repeated = [extra + i for i, size in enumerate(shape) if size != x.shape[extra + i]]
    if not extra and not repeated:
        return x
    return x.sum((*range(extra), *repeated)).reshape(shape)
