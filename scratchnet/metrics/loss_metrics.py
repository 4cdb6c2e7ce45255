"""Metrics that are the running mean of a loss.

The equations are those of the losses of the same names, but for `CosineSimilarity`,
which is larger for what is more alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import losses
from scratchnet.metrics.metric import Metric, check_labels, check_same_shape


class LossMetric(Metric):
    """The running mean of a loss.

    Args:
        loss: a loss.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
    """

    _direction = "down"
    check = check_same_shape

    def __init__(self, loss: losses.Loss, name: str, dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self._loss = loss

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the loss of each row."""
        return np.asarray(self._loss(y_true, y_pred))


class MeanAbsoluteError(LossMetric):
    """The mean of `losses.MeanAbsoluteError`."""

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.MeanAbsoluteError(None), name, dtype)


class MeanAbsolutePercentageError(LossMetric):
    """The mean of `losses.MeanAbsolutePercentageError`."""

    def __init__(
        self, name: str = "mean_absolute_percentage_error", dtype: Any = None
    ) -> None:
        super().__init__(losses.MeanAbsolutePercentageError(None), name, dtype)


class MeanSquaredLogarithmicError(LossMetric):
    """The mean of `losses.MeanSquaredLogarithmicError`."""

    def __init__(
        self, name: str = "mean_squared_logarithmic_error", dtype: Any = None
    ) -> None:
        super().__init__(losses.MeanSquaredLogarithmicError(None), name, dtype)


class KLDivergence(LossMetric):
    """The mean of `losses.KLDivergence`."""

    def __init__(self, name: str = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(losses.KLDivergence(None), name, dtype)


class Poisson(LossMetric):
    """The mean of `losses.Poisson`."""

    def __init__(self, name: str = "poisson", dtype: Any = None) -> None:
        super().__init__(losses.Poisson(None), name, dtype)


class Hinge(LossMetric):
    """The mean of `losses.Hinge`."""

    def __init__(self, name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(losses.Hinge(None), name, dtype)


class SquaredHinge(LossMetric):
    """The mean of `losses.SquaredHinge`."""

    def __init__(self, name: str = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(losses.SquaredHinge(None), name, dtype)


class CategoricalHinge(LossMetric):
    """The mean of `losses.CategoricalHinge`."""

    def __init__(self, name: str = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(losses.CategoricalHinge(None), name, dtype)


class LogCoshError(LossMetric):
    """The mean of `losses.LogCosh`."""

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.LogCosh(None), name, dtype)


class CosineSimilarity(LossMetric):
    """The mean of `losses.CosineSimilarity` with the sign turned: 1 is the same way."""

    _direction = "up"

    def __init__(
        self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(losses.CosineSimilarity(axis, None), name, dtype)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the cosine of each row."""
        return -super().values(y_true, y_pred)


class _Crossentropy(LossMetric):
    """What the cross-entropies have in common: settings that are the loss's."""

    settings: tuple[str, ...] = ("from_logits", "label_smoothing")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        own = {name: getattr(self._loss, name, -1) for name in self.settings}
        return {**super().get_config(), **own}


class BinaryCrossentropy(_Crossentropy):
    """The mean of `losses.BinaryCrossentropy`."""

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        loss = losses.BinaryCrossentropy(from_logits, label_smoothing, reduction=None)
        super().__init__(loss, name, dtype)


class CategoricalCrossentropy(_Crossentropy):
    """The mean of `losses.CategoricalCrossentropy`."""

    settings = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        loss = losses.CategoricalCrossentropy(from_logits, label_smoothing, axis, None)
        super().__init__(loss, name, dtype)


class SparseCategoricalCrossentropy(_Crossentropy):
    """The mean of `losses.SparseCategoricalCrossentropy`."""

    settings = ("from_logits", "ignore_class", "axis")
    check = check_labels

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        loss = losses.SparseCategoricalCrossentropy(
            from_logits, ignore_class, None, axis
        )
        super().__init__(loss, name, dtype)
