"""Weights that are not negative."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.constraints.constraint import Constraint


class NonNeg(Constraint):
    """Replace negative numbers by 0.

    Reference: `keras/src/constraints/constraints.py`.
    """

    def __call__(self, w: Any) -> Any:
        """Return the values that are allowed."""
        return np.maximum(w, 0)
