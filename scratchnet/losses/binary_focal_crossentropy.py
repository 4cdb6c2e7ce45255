"""Cross-entropy of yes and no, in which what is predicted well counts less."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.losses.binary_crossentropy import BinaryCrossentropy, bounds
from scratchnet.losses.row_loss import RowLoss


class BinaryFocalCrossentropy(BinaryCrossentropy):
    """Mean over the outputs of (1 − q)^γ times the binary cross-entropy.

    q = t p + (1 − t)(1 − p) is what is predicted for the right answer. p is clipped in
    the cross-entropy; from logits it is 1/(1 + e⁻ᶻ), and the gradient goes through it.

    Shapes:
        y_true, y_pred: (N, ..., D), values: (N, ...)

    Args:
        apply_class_balancing: whether to multiply with t α + (1 − t)(1 − α).
        alpha: α, from 0 to 1: what yes weighs.
        gamma: γ, at least 0.
        from_logits: whether y_pred holds logits instead of probabilities.
        label_smoothing: s in [0, 1]; t becomes (1 − s) t + s / 2.
        axis: −1.
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.

    Reference: Lin and others (2017), "Focal loss for dense object detection".
    """

    of_logits = ""
    operation = "binary_focal_crossentropy"

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        who = type(self).__name__
        self.apply_class_balancing = bool(apply_class_balancing)
        self.alpha = arguments.fraction(who, "alpha", alpha)
        self.gamma = arguments.non_negative(who, "gamma", gamma)

    def numbers(self, dtype: np.dtype) -> tuple[float, ...]:
        """Return bounds, α or −1 for none, and γ."""
        alpha = self.alpha if self.apply_class_balancing else -1.0
        return (*bounds(dtype), alpha, self.gamma)

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
            flat = dp.reshape(-1)
            kernels.sigmoid_backward(p.reshape(-1), flat, flat)
        return dp

    def _probabilities(self, y_pred: np.ndarray) -> np.ndarray:
        if not self.from_logits:
            return y_pred
        p = np.empty(y_pred.shape, y_pred.dtype)
        kernels.sigmoid_forward(y_pred.reshape(-1), p.reshape(-1))
        return p

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "apply_class_balancing": self.apply_class_balancing,
            "alpha": self.alpha,
            "gamma": self.gamma,
        }
