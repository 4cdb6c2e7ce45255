"""Accuracy of the k best guesses, for one-hot targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.metrics.metric import check_same_shape
from scratchnet.metrics.sparse_top_k_categorical_accuracy import (
    SparseTopKCategoricalAccuracy,
)


class TopKCategoricalAccuracy(SparseTopKCategoricalAccuracy):
    """How often the largest target is among the k largest predictions.

    Shapes:
        y_true, y_pred: (N, ..., C)

    Args:
        k: how many predictions to look at.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
    """

    check = check_same_shape

    def __init__(
        self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(k, name, dtype)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Take the label from the one-hot row."""
        return super().values(y_true.argmax(-1), y_pred)
