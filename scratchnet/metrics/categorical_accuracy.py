"""Accuracy for one-hot targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.metrics.metric import Metric, check_same_shape


class CategoricalAccuracy(Metric):
    """How often the largest prediction is the largest target.

    Shapes:
        y_true, y_pred: (N, ..., C)
    """

    _direction = "up"
    check = check_same_shape

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(dtype, name)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Compare the two argmaxes."""
        return y_true.argmax(-1) == y_pred.argmax(-1)
