"""Weights that are not too long."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import config
from scratchnet.constraints.constraint import Constraint, norms


class MaxNorm(Constraint):
    """Shorten what is longer than a limit: w ← w · min(‖w‖, max_value) / (ε + ‖w‖).

    Args:
        max_value: the greatest norm.
        axis: along which norms are taken: 0 for a dense kernel, that is over the inputs
            of each unit; [0, 1, 2] for the kernel of a convolution.

    References: Srivastava et al. (2014), "Dropout", section 5.1;
    `keras/src/constraints/constraints.py`.
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the values that are allowed."""
        w = np.asarray(w)
        found = norms(w, self.axis)
        return w * (np.clip(found, 0, self.max_value) / (config.epsilon() + found))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"max_value": self.max_value, "axis": self.axis}
