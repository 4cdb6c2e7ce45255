"""The hinge, for yes and no as 1 and −1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.losses.row_loss import RowLoss


class Hinge(RowLoss):
    """Mean over the outputs of max(1 − y_true · y_pred, 0).

    Targets are −1 and 1; where a batch has nothing but 0 and 1, 0 stands for −1.

    Shapes:
        y_true, y_pred: (N, ..., D), values: (N, ...)

    Args:
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.
    """

    operation = "hinge"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def targets(
        self, y: np.ndarray, shape: tuple[int, ...], dtype: DTypeLike
    ) -> np.ndarray:
        """Cast, and turn 0 and 1 into −1 and 1."""
        targets = super().targets(y, shape, dtype)
        if np.isin(targets, (0, 1)).all():
            targets *= 2
            targets -= 1
        return targets
