"""How many predictions are right and wrong, of yes and of no, above each threshold.

                 y_pred > threshold      y_pred ≤ threshold
    y_true = 1   true positive           false negative
    y_true = 0   false positive          true negative

Reference: `keras/src/metrics/metrics_utils.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.metrics.metric import Metric

NEVER = -1e10


def thresholds_of(who: str, thresholds: Any, default: float = 0.5) -> list[float]:
    """Return thresholds as a list.

    Raises:
        ValueError: one is not from 0 to 1.
    """
    if thresholds is None:
        return [default]
    found = [float(one) for one in np.atleast_1d(thresholds)]
    if not found or any(not 0 <= one <= 1 for one in found):
        raise ValueError(
            f"{who}: expected thresholds from 0 to 1, received {thresholds}"
        )
    return found


def even(count: int) -> list[float]:
    """Return so many thresholds from 0 to 1, equally far apart."""
    return [i / (count - 1) for i in range(count)] if count > 1 else [0.5]


class ConfusionMetric(Metric):
    """What is computed from how many predictions are right and wrong.

    Attributes:
        thresholds: above one of them a prediction counts as yes.
        top_k: how many of the largest predictions of a sample may count; None is all.
        class_id: the one class that counts; None is all.
        true_positives, false_positives, true_negatives, false_negatives: the weights
            of what was counted, for each threshold.
    """

    _direction: str | None = "up"

    def __init__(
        self,
        name: str | None,
        dtype: Any,
        thresholds: list[float],
        top_k: int | None = None,
        class_id: int | None = None,
    ) -> None:
        super().__init__(dtype, name)
        self._thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        self._make_counts((len(thresholds),))

    def _make_counts(self, shape: tuple[int, ...]) -> None:
        self._variables.clear()
        for name in (
            *("true_positives", "false_positives"),
            *("true_negatives", "false_negatives"),
        ):
            setattr(self, name, self.add_variable(shape, "zeros", name=name))

    @property
    def thresholds(self) -> list[float]:
        """The thresholds."""
        return list(self._thresholds)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch."""
        p = np.asarray(y_pred, np.float32)
        y = np.asarray(y_true).reshape(_fitting(np.shape(y_true), p.shape))
        if self.top_k is not None:
            p = _only_largest(p, self.top_k)
        if self.class_id is not None:
            if p.ndim == 1:
                raise ValueError(
                    f"metric '{self.name}': class_id needs predictions of shape "
                    f"(N, classes), received {p.shape}"
                )
            y, p = y[..., [self.class_id]], p[..., [self.class_id]]
        self._count_up(y.astype(bool), p, self._weights(sample_weight, p.shape))

    def _weights(self, weights: Any, shape: tuple[int, ...]) -> np.ndarray:
        if weights is None:
            return np.ones(shape, np.float32)
        weights = np.asarray(weights, np.float32)
        if weights.ndim < len(shape):
            more = len(shape) - weights.ndim
            weights = weights.reshape(*weights.shape, *(1,) * more)
        elif weights.ndim == len(shape) + 1 and weights.shape[-1] == 1:
            weights = weights[..., 0]
        try:
            return np.broadcast_to(weights, shape)
        except ValueError:
            raise ValueError(
                f"metric '{self.name}': expected sample_weight for predictions of "
                f"shape {shape}, received shape {weights.shape}"
            ) from None

    def _count_up(self, y: np.ndarray, p: np.ndarray, weights: np.ndarray) -> None:
        """Add a batch to the counts, all of its outputs together."""
        self._add_counts(*above(y.ravel(), p.ravel(), weights.ravel(), self.thresholds))

    def _add_counts(self, *counts: np.ndarray) -> None:
        for variable, count in zip(self._variables, counts, strict=True):
            variable.assign_add(count.astype(np.float32))


def above(
    y: np.ndarray, p: np.ndarray, weights: np.ndarray, thresholds: list[float]
) -> tuple[np.ndarray, ...]:
    """Return true and false positives, true and false negatives, per threshold.

    Shapes:
        y, p, weights: (M,), returned: (T,)
    """
    T = len(thresholds)
    yes, no = (np.where(own, weights, 0).astype(np.float64) for own in (y, ~y))
    if T > 2 and np.allclose(thresholds, even(T), atol=1e-7):
        # Thresholds that lie equally far apart are buckets: one pass for all of them.
        bucket = np.ceil(np.clip(p, 0, 1) * np.float32(T - 1)).astype(np.intp) - 1
        if thresholds[0] < 0:
            bucket = np.maximum(bucket, 0)
        inside = bucket >= 0
        positives = [
            np.bincount(bucket[inside], own[inside], T)[::-1].cumsum()[::-1]
            for own in (yes, no)
        ]
    else:
        is_above = p > np.asarray(thresholds, np.float32)[:, None]
        positives = [is_above @ own for own in (yes, no)]
    return *positives, no.sum() - positives[1], yes.sum() - positives[0]


def _fitting(y_shape: tuple[int, ...], p_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of predictions, if targets have as many values."""
    return p_shape if np.prod(y_shape) == np.prod(p_shape) else y_shape


def _only_largest(p: np.ndarray, k: int) -> np.ndarray:
    """Put the others below any threshold; of equals the first ones stay."""
    order = np.argsort(-p, axis=-1, kind="stable")[..., :k]
    largest = np.full(p.shape, np.float32(NEVER))
    np.put_along_axis(largest, order, np.take_along_axis(p, order, -1), -1)
    return largest
