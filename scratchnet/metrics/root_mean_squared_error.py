"""Root of the mean squared error."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.tensor import Tensor
from scratchnet.metrics.metric import Metric, check_same_shape, tensor


class RootMeanSquaredError(Metric):
    """√ of the mean of (y_pred − y_true)², over all samples seen.

    Shapes:
        y_true, y_pred: (N, ...)
    """

    _direction = "down"
    check = check_same_shape

    def __init__(
        self, name: str = "root_mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(dtype, name)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the squares."""
        return np.square(y_pred - y_true.reshape(y_pred.shape))

    def result(self) -> Tensor:
        """Return the root of the mean so far."""
        return tensor(self._mean() ** 0.5)
