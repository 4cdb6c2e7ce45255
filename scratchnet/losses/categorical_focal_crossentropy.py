"""Cross-entropy of classes, in which what is predicted well counts less."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import rows
from scratchnet.losses.binary_crossentropy import bounds
from scratchnet.losses.categorical_crossentropy import CategoricalCrossentropy
from scratchnet.losses.row_loss import RowLoss


class CategoricalFocalCrossentropy(CategoricalCrossentropy):
    """−α ∑_c t_c (1 − q_c)^γ log q_c; q is p/∑p, clipped to [10⁻⁷, 1 − 10⁻⁷].

    From logits, p is their softmax, and the gradient goes through it.

    Shapes:
        y_true, y_pred: (N, ..., C), values: (N, ...)

    Args:
        alpha: α, a factor.
        gamma: γ, at least 0.
        from_logits: whether y_pred holds logits instead of probabilities.
        label_smoothing: s in [0, 1]; t becomes (1 − s) t + s / C.
        axis: −1.
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.

    Reference: Lin and others (2017), "Focal loss for dense object detection".
    """

    of_logits = ""
    operation = "categorical_focal_crossentropy"

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        self.alpha = arguments.positive(type(self).__name__, "alpha", alpha)
        self.gamma = arguments.non_negative(type(self).__name__, "gamma", gamma)

    def numbers(self, dtype: np.dtype) -> tuple[float, ...]:
        """Return the bounds of probabilities, α and γ."""
        return (*bounds(dtype), self.alpha, self.gamma)

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the loss of each row."""
        return RowLoss.forward(self, targets, self._probabilities(y_pred))

    def backward(
        self, targets: np.ndarray, y_pred: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return the gradient for probabilities or logits."""
        p = self._probabilities(y_pred)
        dp = RowLoss.backward(self, targets, p, scale)
        if self.from_logits:
            kernels.softmax_backward(rows(p), rows(dp), rows(dp))
        return dp

    def _probabilities(self, y_pred: np.ndarray) -> np.ndarray:
        if not self.from_logits:
            return y_pred
        p = np.empty(y_pred.shape, y_pred.dtype)
        kernels.softmax_forward(rows(y_pred), rows(p))
        return p

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "alpha": self.alpha, "gamma": self.gamma}
