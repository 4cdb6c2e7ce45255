"""Mean squared logarithmic error."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.losses.loss import EPSILON
from scratchnet.losses.row_loss import RowLoss


class MeanSquaredLogarithmicError(RowLoss):
    """Mean over the outputs of (log(1 + y_pred) − log(1 + y_true))².

    What is below 10⁻⁷ counts as 10⁻⁷, and has no gradient.

    Shapes:
        y_true, y_pred: (N, ..., D), values: (N, ...)

    Args:
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.
    """

    operation = "mean_squared_logarithmic_error"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def numbers(self, dtype: np.dtype) -> tuple[float, ...]:
        """Return what keeps quotients and logarithms finite."""
        return (EPSILON,)
