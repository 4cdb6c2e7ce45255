"""Accuracy for yes and no."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.metrics.metric import Metric, check_same_shape


class BinaryAccuracy(Metric):
    """How often y_pred > threshold equals y_true.

    Shapes:
        y_true, y_pred: (N, ...)

    Args:
        name: key in logs and history.
        dtype: accepted for Keras's sake.
        threshold: above it a prediction counts as 1.
    """

    _direction = "up"
    check = check_same_shape

    def __init__(
        self,
        name: str = "binary_accuracy",
        dtype: Any = None,
        threshold: float = 0.5,
    ) -> None:
        super().__init__(dtype, name)
        self.threshold = arguments.fraction(type(self).__name__, "threshold", threshold)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Compare after thresholding; several outputs of a sample are averaged."""
        return y_true.reshape(y_pred.shape) == (y_pred > self.threshold)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "threshold": self.threshold}
