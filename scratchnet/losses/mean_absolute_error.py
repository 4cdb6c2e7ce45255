"""Mean absolute error."""

from __future__ import annotations

from typing import Any

from scratchnet.losses.row_loss import RowLoss


class MeanAbsoluteError(RowLoss):
    """Mean over the outputs of |y_pred − y_true|.

        d_y_predₙd = scaleₙ · sign(y_predₙd − yₙd) / D

    Shapes:
        y_true, y_pred: (N, ..., D), values: (N, ...)

    Args:
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.
    """

    operation = "mean_absolute_error"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
