"""Mean squared error."""

from __future__ import annotations

from typing import Any

from scratchnet.losses.row_loss import RowLoss


class MeanSquaredError(RowLoss):
    """Mean over the outputs of (y_pred − y_true)².

        d_y_predₙd = scaleₙ · 2 (y_predₙd − yₙd) / D

    Shapes:
        y_true, y_pred: (N, ..., D), values: (N, ...)

    Args:
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.
    """

    operation = "mean_squared_error"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
