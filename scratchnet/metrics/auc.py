"""The area under a curve of rates, over all thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import activations
from scratchnet.foundation import arguments
from scratchnet.foundation.tensor import Tensor
from scratchnet.metrics.confusion import ConfusionMetric, above, even, thresholds_of
from scratchnet.metrics.metric import divided, tensor

CURVES = ("roc", "pr", "prgain")
SUMMATIONS = ("interpolation", "minoring", "majoring")
EPSILON = 1e-7


class AUC(ConfusionMetric):
    """The area under the ROC curve, or under that of precision over recall.

    ROC: recall TP/(TP + FN) over FP/(FP + TN). The area is a sum over thresholds that
    lie equally far apart, so that it is as exact as they are many.

    Shapes:
        y_true, y_pred: (N, ...); (N, labels) if multi_label

    Args:
        num_thresholds: how many, from 0 to 1, at least 2.
        curve: ``"ROC"``, ``"PR"`` or ``"PRGAIN"``.
        summation_method: ``"interpolation"``, ``"minoring"`` or ``"majoring"``.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
        thresholds: between 0 and 1, in place of num_thresholds.
        multi_label: whether each label has an area of its own, which are averaged.
        num_labels: how many labels; found out by itself.
        label_weights: what each label weighs.
        from_logits: whether predictions go through a sigmoid first.

    Reference: Davis & Goadrich (2006), "The relationship between precision-recall and
    ROC curves", for the interpolation of PR; `keras/src/metrics/confusion_metrics.py`.
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        who = type(self).__name__
        self.curve = arguments.choice(who, "curve", curve, CURVES).upper()
        self.summation_method = arguments.choice(
            who, "summation_method", summation_method, SUMMATIONS
        )
        self._given = thresholds
        if thresholds is None:
            if arguments.positive_int(who, "num_thresholds", num_thresholds) < 2:
                raise ValueError(f"{who}: expected num_thresholds > 1, received 1")
            inner = even(num_thresholds)[1:-1]
        else:
            inner = sorted(thresholds_of(who, thresholds))
        if num_labels is not None and not multi_label:
            raise ValueError(f"{who}: num_labels is for multi_label=True only")
        self.multi_label, self.num_labels = bool(multi_label), num_labels
        self.label_weights, self.from_logits = label_weights, bool(from_logits)
        # What is 0 or 1 lies between thresholds, too.
        found = [-EPSILON, *inner, 1 + EPSILON]
        self.num_thresholds = len(found)
        super().__init__(name, dtype, found)
        if multi_label and num_labels:
            self._make_counts((self.num_thresholds, num_labels))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch."""
        if self.from_logits:
            y_pred = activations.sigmoid(np.asarray(y_pred))
        super().update_state(y_true, y_pred, sample_weight)

    def _count_up(self, y: np.ndarray, p: np.ndarray, weights: np.ndarray) -> None:
        if not self.multi_label:
            if self.label_weights is not None:
                weights = weights * np.asarray(self.label_weights, np.float32)
            super()._count_up(y, p, weights)
            return
        if p.ndim != 2:
            raise ValueError(
                f"metric '{self.name}': expected predictions (N, labels) for "
                f"multi_label=True, received shape {p.shape}"
            )
        if self._variables[0].ndim == 1:
            self._make_counts((self.num_thresholds, p.shape[1]))
        columns = [
            above(y[:, i], p[:, i], weights[:, i], self.thresholds)
            for i in range(p.shape[1])
        ]
        self._add_counts(*(np.stack(one, axis=1) for one in zip(*columns, strict=True)))

    def result(self) -> Tensor:
        """Return the area so far, averaged over labels."""
        tp, fp, tn, fn = (np.asarray(one) for one in self._variables)
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = _interpolated(tp, fp, fn)
        else:
            areas = self._areas(*self._axes(tp, fp, tn, fn))
        area = areas.sum(axis=0)
        if area.ndim:
            area = np.average(area, weights=self.label_weights)
        return tensor(area)

    def _axes(
        self, tp: np.ndarray, fp: np.ndarray, tn: np.ndarray, fn: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y of the curve, one point for each threshold."""
        if self.curve == "ROC":
            return divided(fp, fp + tn), divided(tp, tp + fn)
        if self.curve == "PR":
            return divided(tp, tp + fn), divided(tp, tp + fp)
        ratio = divided(tp + fn, tn + fp)
        recall = np.where(tp == 0, 0, 1 - ratio * divided(fn, tp))
        precision = np.where(tp == 0, 1, 1 - ratio * divided(fp, tp))
        return np.maximum(recall, 0), precision

    def _areas(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the area between each two points next to each other."""
        if self.summation_method == "minoring":
            height = np.minimum(y[:-1], y[1:])
        elif self.summation_method == "majoring":
            height = np.maximum(y[:-1], y[1:])
        else:
            height = (y[:-1] + y[1:]) / 2
        return (x[:-1] - x[1:]) * height

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": self.label_weights,
            "from_logits": self.from_logits,
        }
        if self._given is not None:
            config["thresholds"] = self.thresholds[1:-1]
        return config


def _interpolated(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray) -> np.ndarray:
    """Return areas under precision over recall, with TP linear in TP + FP between."""
    positive = tp + fp
    dtp, dp = tp[:-1] - tp[1:], positive[:-1] - positive[1:]
    slope = divided(dtp, np.maximum(dp, 0))
    intercept = tp[1:] - slope * positive[1:]
    both = (positive[:-1] > 0) & (positive[1:] > 0)
    ratio = np.where(both, divided(positive[:-1], np.maximum(positive[1:], 0)), 1)
    return divided(
        slope * (dtp + intercept * np.log(ratio)), np.maximum(tp[1:] + fn[1:], 0)
    )
