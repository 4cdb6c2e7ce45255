"""A mean of precision and recall, in which one may weigh more."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.tensor import Tensor
from scratchnet.metrics.metric import Metric, tensor

AVERAGES = (None, "micro", "macro", "weighted")
EPSILON = 1e-7


class FBetaScore(Metric):
    """(1 + β²) · precision · recall / (β² · precision + recall), of each class.

    Shapes:
        y_true, y_pred: (N, C), y_true one-hot

    Args:
        average: None gives one score for each class; ``"micro"`` counts all classes
            together, ``"macro"`` averages the scores, ``"weighted"`` does so by how
            often classes are.
        beta: β, a float above 0.
        threshold: above it a prediction is a yes; None takes the largest of each row.
        name: key in logs and history.
        dtype: accepted for Keras's sake.

    Raises:
        ValueError: an argument is another one.
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        who = type(self).__name__
        if average not in AVERAGES:
            raise ValueError(
                f"{who}: expected average to be one of {AVERAGES}, received {average!r}"
            )
        self.average, self.beta = average, arguments.positive(who, "beta", beta)
        self.threshold = threshold
        if threshold is not None:
            self.threshold = arguments.fraction(who, "threshold", threshold)
        self._made = False

    def _make(self, classes: int) -> None:
        """Make the variables at the first batch, which shows the classes."""
        shape = () if self.average == "micro" else (classes,)
        self.true_positives, self.false_positives, self.false_negatives, self.seen = (
            self.add_variable(shape, "zeros", name=name)
            for name in (
                *("true_positives", "false_positives", "false_negatives"),
                "intermediate_weights",
            )
        )
        self._made = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Raises:
            ValueError: the arrays are not both (N, C).
        """
        y, p = (np.asarray(one, np.float32) for one in (y_true, y_pred))
        if p.ndim != 2 or y.shape != p.shape:
            raise ValueError(
                f"metric '{self.name}': expected y and predictions of shape (N, C), y "
                f"one-hot, received {y.shape} and {p.shape}"
            )
        if not self._made:
            self._make(p.shape[1])
        if self.threshold is None:
            largest = p.max(axis=-1, keepdims=True)
            yes = ((p >= largest) & (np.abs(p) > 1e-9)).astype(np.float32)
        else:
            yes = (p > self.threshold).astype(np.float32)
        weights = np.ones(len(p)) if sample_weight is None else sample_weight
        weights = np.asarray(weights, np.float32).reshape(len(p), 1)
        axis = None if self.average == "micro" else 0
        for variable, counted in (
            (self.true_positives, yes * y),
            (self.false_positives, yes * (1 - y)),
            (self.false_negatives, (1 - yes) * y),
            (self.seen, y),
        ):
            variable.assign_add(np.sum(counted * weights, axis=axis))

    def result(self) -> Tensor:
        """Return the score so far, or one for each class."""
        if not self._made:
            return tensor(0.0)
        tp, fp, fn, seen = (np.asarray(one) for one in self._variables)
        precision, recall = tp / (tp + fp + EPSILON), tp / (tp + fn + EPSILON)
        square = self.beta**2
        score = precision * recall / (square * precision + recall + EPSILON)
        score = score * (1 + square)
        if self.average == "weighted":
            score = np.sum(score * (seen / (seen.sum() + EPSILON)))
        elif self.average is not None:
            score = np.mean(score)
        return tensor(score)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }
