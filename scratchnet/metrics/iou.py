"""Intersection over union, of each class: how well regions of labels fit."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.tensor import Tensor
from scratchnet.metrics.metric import Metric, tensor

EPSILON = 1e-7


class IoU(Metric):
    """The mean over some classes of TP/(TP + FP + FN), from the confusion matrix.

    Classes that are neither in y_true nor in y_pred don't count.

    Shapes:
        y_true, y_pred: (N, ...) labels; one-hot, (N, ..., C), where they are not sparse

    Args:
        num_classes: C.
        target_class_ids: the classes to average over.
        name: key in logs and history.
        dtype: ``"int64"`` (None stands for it) or ``"float32"``, with which weights
            may be fractions.
        ignore_class: a label whose elements don't count.
        sparse_y_true: whether y_true holds labels.
        sparse_y_pred: whether y_pred holds labels.
        axis: of the classes, where it holds none.

    Reference: `keras/src/metrics/iou_metrics.py`.
    """

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        whole = dtype in (None, "int", "int64")
        super().__init__(None if whole else dtype, name)
        self.dtype = "int64" if whole else "float32"
        who = type(self).__name__
        self.num_classes = arguments.positive_int(who, "num_classes", num_classes)
        self.target_class_ids = list(target_class_ids)
        if max(self.target_class_ids) >= num_classes:
            raise ValueError(
                f"{who}: expected target_class_ids from 0 to {num_classes - 1}, "
                f"received {self.target_class_ids}"
            )
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.total_cm = self.add_variable(
            (num_classes, num_classes), "zeros", name="total_confusion_matrix"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch."""
        y, p = np.asarray(y_true), np.asarray(y_pred)
        y = (y if self.sparse_y_true else y.argmax(self.axis)).astype(int).ravel()
        p = (p if self.sparse_y_pred else p.argmax(self.axis)).astype(int).ravel()
        weights = np.asarray(1 if sample_weight is None else sample_weight)
        if weights.dtype.kind == "f" and self.dtype == "int64":
            warnings.warn(
                f"{type(self).__name__}: it counts in whole numbers, and cuts weights "
                "down to them; make it with dtype='float32' for fractions",
                stacklevel=2,
            )
            weights = np.trunc(weights)
        weights = np.broadcast_to(weights.ravel() if weights.ndim else weights, y.shape)
        C = self.num_classes
        known = (y >= 0) & (y < C) & (p >= 0) & (p < C)
        if self.ignore_class is not None:
            known &= y != self.ignore_class
        counted = np.bincount(C * y[known] + p[known], weights[known], C * C)
        self.total_cm.assign_add(counted.reshape(C, C))

    def result(self) -> Tensor:
        """Return the mean over the classes that have been seen."""
        matrix = np.asarray(self.total_cm)
        both = np.diag(matrix)
        union = (matrix.sum(axis=0) + matrix.sum(axis=1) - both)[self.target_class_ids]
        seen = union > 1e-9
        shares = np.where(seen, both[self.target_class_ids] / (union + EPSILON), 0)
        return tensor(shares.sum() / (seen.sum() + EPSILON))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }

    def _config_without(self, *names: str) -> dict[str, Any]:
        config = IoU.get_config(self)
        return {name: config[name] for name in config if name not in names}


class BinaryIoU(IoU):
    """`IoU` of yes and no: y_pred is a probability.

    Args:
        target_class_ids: of 0 and 1, the classes to average over.
        threshold: from it on a prediction counts as 1.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = arguments.fraction(type(self).__name__, "threshold", threshold)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch."""
        yes = np.asarray(y_pred, np.float32) >= self.threshold
        super().update_state(y_true, yes, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config = self._config_without(
            "num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis"
        )
        return {**config, "threshold": self.threshold}


class MeanIoU(IoU):
    """`IoU`, averaged over all classes."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(
            *(num_classes, range(num_classes), name, dtype, ignore_class),
            *(sparse_y_true, sparse_y_pred, axis),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return self._config_without("target_class_ids")


class OneHotIoU(IoU):
    """`IoU` of one-hot targets."""

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            *(num_classes, target_class_ids, name, dtype, ignore_class),
            *(False, sparse_y_pred, axis),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return self._config_without("sparse_y_true")


class OneHotMeanIoU(MeanIoU):
    """`IoU` of one-hot targets, averaged over all classes."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            *(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return self._config_without("target_class_ids", "sparse_y_true")
