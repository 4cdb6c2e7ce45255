"""Accuracy of the k best guesses, for labels that are integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.metrics.metric import Metric, check_labels


class SparseTopKCategoricalAccuracy(Metric):
    """How often the label is among the k largest predictions.

    A class counts as ahead of the label's if its prediction is larger, so that ties
    are decided in favour of the label, as in `tf.math.in_top_k`.

    Shapes:
        y_true: (N, ...) or (N, ..., 1), y_pred: (N, ..., C)

    Args:
        k: how many predictions to look at.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
        from_sorted_ids: whether y_pred holds labels, the best first, not predictions.
    """

    _direction = "up"
    check = check_labels

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(dtype, name)
        self.k = arguments.positive_int(type(self).__name__, "k", k)
        self.from_sorted_ids = bool(from_sorted_ids)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Count the classes ahead of the label."""
        labels = y_true.reshape(*y_pred.shape[:-1], 1).astype(np.intp)
        if self.from_sorted_ids:
            return (labels == y_pred[..., : self.k]).any(-1)
        own = np.take_along_axis(y_pred, labels, -1)
        return np.isfinite(y_pred).all(-1) & ((y_pred > own).sum(-1) < self.k)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config = {**super().get_config(), "k": self.k}
        return {**config, "from_sorted_ids": True} if self.from_sorted_ids else config
