"""Huber's loss: squares near the target, lines far from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.losses.row_loss import RowLoss


class Huber(RowLoss):
    """Mean over the outputs of ½e² where |e| ≤ δ, else δ|e| − ½δ²; e = y_pred − y_true.

        d_y_predₙd = scaleₙ · min(max(eₙd, −δ), δ) / D

    Shapes:
        y_true, y_pred: (N, ..., D), values: (N, ...)

    Args:
        delta: from where on it is a line.
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.

    Reference: Huber (1964), "Robust estimation of a location parameter".
    """

    operation = "huber"

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.delta = arguments.positive(type(self).__name__, "delta", delta)

    def numbers(self, dtype: np.dtype) -> tuple[float, ...]:
        """Return δ."""
        return (self.delta,)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "delta": self.delta}
