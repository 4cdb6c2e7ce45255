"""Weights of length 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import config
from scratchnet.constraints.constraint import Constraint, norms


class UnitNorm(Constraint):
    """Divide weights by their norm: w ← w / (ε + ‖w‖).

    Args:
        axis: along which norms are taken; see `MaxNorm`.

    Reference: `keras/src/constraints/constraints.py`.
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the values that are allowed."""
        w = np.asarray(w)
        return w / (config.epsilon() + norms(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"axis": self.axis}
