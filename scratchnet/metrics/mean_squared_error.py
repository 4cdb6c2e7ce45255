"""Mean squared error."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.metrics.metric import Metric, check_same_shape


class MeanSquaredError(Metric):
    """Mean of (y_pred − y_true)².

    Shapes:
        y_true, y_pred: (N, ...)
    """

    _direction = "down"
    check = check_same_shape

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(dtype, name)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Average over each sample's outputs."""
        squares = np.square(y_pred - y_true.reshape(y_pred.shape))
        return squares.mean(-1)
