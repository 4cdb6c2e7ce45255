"""Weights that are neither too long nor too short."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import config
from scratchnet.constraints.constraint import Constraint, norms


class MinMaxNorm(Constraint):
    """Bring norms into a range, or a part of the way to it.

        wanted = rate · min(max(‖w‖, min_value), max_value) + (1 − rate) · ‖w‖
        w ← w · wanted / (ε + ‖w‖)

    Args:
        min_value: the least norm.
        max_value: the greatest norm.
        rate: 1 is all the way, 0 none of it.
        axis: along which norms are taken; see `MaxNorm`.

    Reference: `keras/src/constraints/constraints.py`.
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Any = 0,
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the values that are allowed."""
        w = np.asarray(w)
        found = norms(w, self.axis)
        within = np.clip(found, self.min_value, self.max_value)
        wanted = self.rate * within + (1 - self.rate) * found
        return w * (wanted / (config.epsilon() + found))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }
