"""Kullback and Leibler's divergence of two distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.losses.loss import EPSILON
from scratchnet.losses.row_loss import RowLoss


class KLDivergence(RowLoss):
    """∑ y_true · log(y_true / y_pred), both clipped to [10⁻⁷, 1].

    It differs from the cross-entropy by what depends on y_true alone.

    Shapes:
        y_true, y_pred: (N, ..., C), values: (N, ...)

    Args:
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.
    """

    operation = "kl_divergence"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def numbers(self, dtype: np.dtype) -> tuple[float, ...]:
        """Return what keeps quotients and logarithms finite."""
        return (EPSILON,)
