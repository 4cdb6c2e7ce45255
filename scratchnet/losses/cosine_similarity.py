"""The cosine of the angle between prediction and target."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.losses.loss import EPSILON
from scratchnet.losses.row_loss import RowLoss


class CosineSimilarity(RowLoss):
    """−∑ of the products of y_true/‖y_true‖ and y_pred/‖y_pred‖: −1 is the same way.

    Shapes:
        y_true, y_pred: (N, ..., D), values: (N, ...)

    Args:
        axis: −1.
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.
    """

    operation = "cosine_similarity"

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self._last_axis(axis)

    def numbers(self, dtype: np.dtype) -> tuple[float, ...]:
        """Return the length below which a row is not divided by its own."""
        return (EPSILON,)
