"""Penalties on absolute values and squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.tensor import Tensor, as_tensor
from scratchnet.regularizers.regularizer import Regularizer


class L1L2(Regularizer):
    """Both penalties at once.

        penalty = l1 · ∑|x| + l2 · ∑x²        gradient = l1 · sign(x) + 2 · l2 · x

    Args:
        l1: factor of the absolute values, at least 0.
        l2: factor of the squares, at least 0.

    Reference: `keras/src/regularizers/regularizers.py`.

    >>> float(L1L2(l1=0.5, l2=0.25)(np.array([2.0, -4.0])))
    8.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        who = type(self).__name__
        self.l1 = arguments.non_negative(who, "l1", 0.0 if l1 is None else l1)
        self.l2 = arguments.non_negative(who, "l2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Tensor:
        """Return the penalty on an array, in its dtype."""
        x = np.ascontiguousarray(x)
        value = kernels.penalty(x.reshape(-1), self.l1, self.l2)
        return as_tensor(x.dtype.type(value))

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """Return the gradient of the penalty."""
        found = np.zeros_like(x, order="C")
        self.add_gradient(x, found)
        return found

    def add_gradient(self, x: np.ndarray, into: np.ndarray, share: float = 1.0) -> None:
        """Add the gradient, times a share, to another of the same shape."""
        flat = np.ascontiguousarray(x).reshape(-1)
        factors = share * self.l1, share * self.l2
        kernels.penalty_gradient(flat, into.reshape(-1), *factors)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"l1": self.l1, "l2": self.l2}


class L1(L1L2):
    """A penalty on absolute values: l1 · ∑|x|. It makes weights 0.

    Args:
        l1: the factor, at least 0; None is 0.01.

    Reference: `keras/src/regularizers/regularizers.py`.
    """

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=0.01 if l1 is None else l1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"l1": self.l1}


class L2(L1L2):
    """A penalty on squares: l2 · ∑x². It keeps weights small.

    Args:
        l2: the factor, at least 0; None is 0.01.

    Reference: `keras/src/regularizers/regularizers.py`.
    """

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=0.01 if l2 is None else l2)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"l2": self.l2}
