"""A penalty on rows or columns that point the same way."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.tensor import Tensor, as_tensor
from scratchnet.regularizers.regularizer import Regularizer

# As in Keras, what a row's norm is at least where it is divided by.
EPSILON = 1e-7


class OrthogonalRegularizer(Regularizer):
    """Push rows, or columns, to be orthogonal to each other.

        u_i = x_i / ‖x_i‖        penalty = factor / pairs · ∑_{i<j} |u_i · u_j|

    Args:
        factor: at least 0.
        mode: "rows" or "columns".

    Raises:
        ValueError: an argument is not one of those, or, in use, the array is no matrix.

    Reference: `keras/src/regularizers/regularizers.py`.

    >>> float(OrthogonalRegularizer(0.5)(np.eye(3)))
    0.0
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        who = type(self).__name__
        self.factor = arguments.non_negative(who, "factor", factor)
        self.mode = arguments.choice(who, "mode", mode, ("rows", "columns"))

    def __call__(self, inputs: Any) -> Tensor:
        """Return the penalty on a matrix."""
        unit, _ = self._rows(np.asarray(inputs))
        _, products, share = self._products(unit)
        return as_tensor(share / 2 * np.abs(products).sum())

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """Return the gradient of the penalty."""
        unit, norms = self._rows(x)
        signs, _, share = self._products(unit)
        of_unit = share * (signs @ unit)
        along = (of_unit * unit).sum(1, keepdims=True)
        # Along a row nothing changes, but where it is too short to be divided by.
        of_rows = (of_unit - along * unit * (norms > EPSILON)) / norms
        return of_rows if self.mode == "rows" else of_rows.T

    def _rows(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what is to be orthogonal, of norm 1, and the norms."""
        if x.ndim != 2:
            raise ValueError(
                f"{type(self).__name__}: expected a matrix, received shape {x.shape}"
            )
        rows = x if self.mode == "rows" else x.T
        norms = np.sqrt(np.square(rows).sum(1, keepdims=True))
        norms = np.maximum(norms, x.dtype.type(EPSILON))
        return rows / norms, norms

    def _products(self, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray, Any]:
        """Return signs and values of the products of two rows each, and a pair's part.

        A row's product with itself counts as 0.
        """
        count = len(unit)
        products = unit @ unit.T
        np.fill_diagonal(products, 0)
        pairs = count * (count - 1) / 2
        share = unit.dtype.type(self.factor / pairs if pairs else 0)
        return np.sign(products), products, share

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"factor": self.factor, "mode": self.mode}
