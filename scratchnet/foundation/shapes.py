"""Shapes: how they are written, and the views that kernels take."""

from __future__ import annotations

import numpy as np

# Of a batch: None stands for its open size.
Shape = tuple[int | None, ...]


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
