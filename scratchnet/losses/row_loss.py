"""What losses have in common whose arithmetic is a kernel over rows."""

from __future__ import annotations

import numpy as np

from scratchnet import kernels
from scratchnet.foundation.shapes import rows
from scratchnet.losses.loss import Loss


class RowLoss(Loss):
    """A loss of each row of the last dimension, computed by a kernel.

    Shapes:
        y_true, y_pred: (N, ..., D), values: (N, ...)

    Attributes:
        operation: the kernels are ``<operation>_forward`` and ``<operation>_backward``.
    """

    operation = ""

    def numbers(self, dtype: np.dtype) -> tuple[float, ...]:
        """Return what the kernels take besides arrays."""
        return ()

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the loss of each row."""
        values = np.empty(y_pred.shape[:-1], y_pred.dtype)
        kernels.OPERATIONS[f"{self.operation}_forward"](
            *(rows(y_pred), rows(targets), values.reshape(-1)),
            *self.numbers(y_pred.dtype),
        )
        return values

    def backward(
        self, targets: np.ndarray, y_pred: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return the gradient for the predictions."""
        dy = np.empty(y_pred.shape, y_pred.dtype)
        kernels.OPERATIONS[f"{self.operation}_backward"](
            *(rows(y_pred), rows(targets), scale.reshape(-1), rows(dy)),
            *self.numbers(y_pred.dtype),
        )
        return dy
