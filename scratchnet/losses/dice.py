"""Dice's loss: how little prediction and target overlap."""

from __future__ import annotations

from typing import Any

from scratchnet.losses.loss import EPSILON
from scratchnet.losses.tversky import Tversky


class Dice(Tversky):
    """1 − 2 ∑ y_true·y_pred / (∑ y_true + ∑ y_pred + 10⁻⁷): `Tversky`'s with α = β = ½.

    Shapes:
        y_true, y_pred: (N, ...), values: the axes that are not summed over

    Args:
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        axis: which axes to sum over; None is all, and one value for the whole batch.
        dtype: None.
    """

    epsilon = EPSILON / 2

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0.5, 0.5, reduction, name, axis, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name, "reduction": self.reduction, "axis": self.axis}
