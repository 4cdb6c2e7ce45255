"""The best of one share where another is large enough, over all thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.tensor import Tensor
from scratchnet.metrics.confusion import ConfusionMetric, even
from scratchnet.metrics.metric import divided, tensor


class _BestWhere(ConfusionMetric):
    argument, fixed, wanted = "", "", ""

    def __init__(
        self,
        value: float,
        num_thresholds: int,
        class_id: int | None,
        name: str | None,
        dtype: Any,
    ) -> None:
        who = type(self).__name__
        self.value = arguments.fraction(who, self.argument, value)
        self.num_thresholds = arguments.positive_int(
            who, "num_thresholds", num_thresholds
        )
        super().__init__(name, dtype, even(num_thresholds), class_id=class_id)

    def result(self) -> Tensor:
        """Return the best share that fulfils the condition; 0 if none does."""
        tp, fp, tn, fn = (np.asarray(one) for one in self._variables)
        shares = {
            "recall": divided(tp, tp + fn),
            "precision": divided(tp, tp + fp),
            "specificity": divided(tn, tn + fp),
        }
        allowed = shares[self.fixed] >= np.float32(self.value)
        return tensor(np.max(np.where(allowed, shares[self.wanted], 0)))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "class_id": self.class_id,
            "num_thresholds": self.num_thresholds,
            self.argument: self.value,
        }


class SensitivityAtSpecificity(_BestWhere):
    """The best TP/(TP + FN) where TN/(TN + FP) is at least ``specificity``.

    Args:
        specificity: from 0 to 1.
        num_thresholds: how many are tried, from 0 to 1.
        class_id: the one class that counts; None is all of them.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
    """

    argument, fixed, wanted = "specificity", "specificity", "recall"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


class SpecificityAtSensitivity(_BestWhere):
    """The best TN/(TN + FP) where TP/(TP + FN) is at least ``sensitivity``.

    Args:
        sensitivity: from 0 to 1.
        num_thresholds: how many are tried, from 0 to 1.
        class_id: the one class that counts; None is all of them.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
    """

    argument, fixed, wanted = "sensitivity", "recall", "specificity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


class PrecisionAtRecall(_BestWhere):
    """The best TP/(TP + FP) where TP/(TP + FN) is at least ``recall``.

    Args:
        recall: from 0 to 1.
        num_thresholds: how many are tried, from 0 to 1.
        class_id: the one class that counts; None is all of them.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
    """

    argument, fixed, wanted = "recall", "recall", "precision"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)


class RecallAtPrecision(_BestWhere):
    """The best TP/(TP + FN) where TP/(TP + FP) is at least ``precision``.

    Args:
        precision: from 0 to 1.
        num_thresholds: how many are tried, from 0 to 1.
        class_id: the one class that counts; None is all of them.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
    """

    argument, fixed, wanted = "precision", "precision", "recall"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
