"""The hinge of classes."""

from __future__ import annotations

from typing import Any

from scratchnet.losses.row_loss import RowLoss


class CategoricalHinge(RowLoss):
    """max(1 + the largest wrong score − the right one, 0), for one-hot targets.

    Equally large wrong scores share the gradient.

    Shapes:
        y_true, y_pred: (N, ..., C), values: (N, ...)

    Args:
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.
    """

    operation = "categorical_hinge"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
