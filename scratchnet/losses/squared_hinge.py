"""The squared hinge, for yes and no as 1 and −1."""

from __future__ import annotations

from typing import Any

from scratchnet.losses.hinge import Hinge


class SquaredHinge(Hinge):
    """Mean over the outputs of max(1 − y_true · y_pred, 0)².

    Targets are −1 and 1; where a batch has nothing but 0 and 1, 0 stands for −1.

    Shapes:
        y_true, y_pred: (N, ..., D), values: (N, ...)

    Args:
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.
    """

    operation = "squared_hinge"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, dtype)
