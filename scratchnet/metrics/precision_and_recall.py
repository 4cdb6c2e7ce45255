"""Precision and recall: how many of the yeses are right, and how many are found."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.tensor import Tensor
from scratchnet.metrics.confusion import NEVER, ConfusionMetric, thresholds_of
from scratchnet.metrics.metric import divided, tensor


class _Share(ConfusionMetric):
    """TP/(TP + what is wrong). Shapes and arguments: see `Recall`."""

    wrong = ""

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        default = 0.5 if top_k is None else NEVER
        found = thresholds_of(type(self).__name__, thresholds, default)
        super().__init__(name, dtype, found, top_k, class_id)
        self.init_thresholds = thresholds

    def result(self) -> Tensor:
        """Return the share so far, one for each threshold; 0 where it is 0/0."""
        right: Any = vars(self)["true_positives"]
        shares = divided(right, right + vars(self)[self.wrong])
        return tensor(shares[0] if len(shares) == 1 else shares)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


class Precision(_Share):
    """TP/(TP + FP): how many of the yeses are right.

    Shapes and arguments: those of `Recall`.
    """

    wrong = "false_positives"


class Recall(_Share):
    """TP/(TP + FN): how many of what is yes is found.

    Shapes:
        y_true, y_pred: (N, ...)

    Args:
        thresholds: from 0 to 1, one or several: above it a prediction is a yes. 0.5 by
            default; with top_k, all that are among these.
        top_k: only the k largest predictions of a sample are a yes.
        class_id: the one class that counts; None is all of them.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
    """

    wrong = "false_negatives"
