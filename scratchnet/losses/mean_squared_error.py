"""Mean squared error."""

from __future__ import annotations

import numpy as np

from scratchnet import kernels
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.losses.loss import Loss


@keras_signature
class MeanSquaredError(Loss):
    """Mean over the outputs of (y_pred − y_true)².

        d_y_predₙd = scaleₙ · 2 (y_predₙd − yₙd) / D

    Shapes:
        y_true, y_pred: (N, ...), D values a sample
    """

    def __init__(self, name: str = "mean_squared_error") -> None:
        super().__init__(name)

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the mean squared difference of each sample."""
        losses = np.empty(y_pred.shape[:1], y_pred.dtype)
        kernels.mean_squared_error_forward(_flat(y_pred), _flat(targets), losses)
        return losses

    def backward(
        self, targets: np.ndarray, y_pred: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return the gradient for the predictions."""
        dy = np.empty(y_pred.shape, y_pred.dtype)
        kernels.mean_squared_error_backward(
            _flat(y_pred), _flat(targets), scale, _flat(dy)
        )
        return dy

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Require finite targets, as many values as the output has."""
        wanted, given = ([n for n in s[1:] if n != 1] for s in (output_shape, y.shape))
        if wanted != given:
            raise self._error(
                f"expected y of shape {format_shape(output_shape)} as the model's "
                f"output, received {y.shape}"
            )
        self._check_finite(y)


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(x.shape[0], -1)
