"""Counts of right and wrong predictions."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.tensor import Tensor
from scratchnet.metrics.confusion import ConfusionMetric, thresholds_of
from scratchnet.metrics.metric import tensor


class _Count(ConfusionMetric):
    """One of the four counts.

    Args:
        thresholds: from 0 to 1, one or several; 0.5 by default.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
    """

    _direction = None
    counted = ""

    def __init__(
        self, thresholds: Any = None, name: str | None = None, dtype: Any = None
    ) -> None:
        who = type(self).__name__
        super().__init__(name, dtype, thresholds_of(who, thresholds))
        self.init_thresholds = thresholds

    def result(self) -> Tensor:
        """Return the count, one for each threshold."""
        counts = getattr(self, self.counted)
        return tensor(counts[0] if len(counts) == 1 else counts)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_Count):
    """How many targets of 1 are predicted as 1."""

    counted = "true_positives"


class FalsePositives(_Count):
    """How many targets of 0 are predicted as 1."""

    counted = "false_positives"


class TrueNegatives(_Count):
    """How many targets of 0 are predicted as 0."""

    counted = "true_negatives"


class FalseNegatives(_Count):
    """How many targets of 1 are predicted as 0."""

    counted = "false_negatives"
