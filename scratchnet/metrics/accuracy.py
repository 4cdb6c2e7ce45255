"""How often predictions equal their targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.metrics.metric import Metric, check_same_shape


class Accuracy(Metric):
    """How often y_pred equals y_true: for predictions that are labels already.

    Shapes:
        y_true, y_pred: (N, ...)
    """

    _direction = "up"
    check = check_same_shape

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(dtype, name)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Compare, element by element."""
        return y_true.reshape(y_pred.shape) == y_pred
