"""The logarithm of the hyperbolic cosine of the error."""

from __future__ import annotations

from typing import Any

from scratchnet.losses.row_loss import RowLoss


class LogCosh(RowLoss):
    """Mean over the outputs of log cosh(y_pred − y_true): half the square, then |…|.

        d_y_predₙd = scaleₙ · tanh(y_predₙd − yₙd) / D

    Shapes:
        y_true, y_pred: (N, ..., D), values: (N, ...)

    Args:
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.
    """

    operation = "log_cosh"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
