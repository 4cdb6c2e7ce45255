"""Accuracy for labels that are integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.metrics.metric import Metric, check_labels


class SparseCategoricalAccuracy(Metric):
    """How often the largest prediction is that of the label.

    Shapes:
        y_true: (N, ...) or (N, ..., 1), y_pred: (N, ..., C)
    """

    _direction = "up"
    check = check_labels

    def __init__(
        self, name: str = "sparse_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(dtype, name)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Compare the label with the argmax."""
        return y_true.reshape(y_pred.shape[:-1]) == y_pred.argmax(-1)
