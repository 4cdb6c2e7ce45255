"""Poisson's loss of counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.losses.loss import EPSILON
from scratchnet.losses.row_loss import RowLoss


class Poisson(RowLoss):
    """Mean over the outputs of y_pred − y_true · log(y_pred + 10⁻⁷).

    Shapes:
        y_true, y_pred: (N, ..., D), values: (N, ...)

    Args:
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.
    """

    operation = "poisson"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def numbers(self, dtype: np.dtype) -> tuple[float, ...]:
        """Return what keeps quotients and logarithms finite."""
        return (EPSILON,)
