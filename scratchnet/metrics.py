"""Metrics: what is reported beside the loss, as a mean over the samples seen.

    result = ∑ value of sample / number of samples

Sums are kept in float64, where Keras keeps float32: the two differ by less than what
Keras prints.

Reference: `keras/src/metrics/accuracy_metrics.py`, `reduction_metrics.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments, lookup, naming
from scratchnet.foundation.shapes import format_shape
from scratchnet.foundation.subset import refuse


class Metric:
    """A running mean over samples; a subclass writes `values`.

    Args:
        dtype: float32 or None; accepted for Keras's sake.
        name: key in logs and history; by default the class's, in snake case.

    Attributes:
        _direction: "up" where more is better, "down" where less is, None where it is
            not known; the name is Keras's, and a metric of your own may set it.
    """

    _direction: str | None = None

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        """Start from nothing."""
        self.name = name or naming.snake_case(type(self).__name__)
        self.reset_state()

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return one value per sample, shape (N,)."""
        raise NotImplementedError

    def check(
        self, y_shape: tuple[int, ...], output_shape: tuple[int | None, ...]
    ) -> None:
        """Compare targets with the model's output, (N, ...), before any is counted.

        Raises:
            ValueError: this metric can't be computed from them.
        """

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        values = self.values(np.asarray(y_true), np.asarray(y_pred))
        self.add(values, sample_weight)

    def add(self, values: np.ndarray, weights: Any = None) -> None:
        """Add values, each counted once or by its weight."""
        if weights is None:
            self.total += float(np.sum(values, dtype=np.float64))
            self.count += values.size
        else:
            weights = np.asarray(weights, np.float64).reshape(-1)
            self.total += float(np.sum(values * weights))
            self.count += float(np.sum(weights))

    def result(self) -> float:
        """Return the mean so far; 0 before the first batch, as in Keras."""
        return self.total / self.count if self.count else 0.0

    def reset_state(self) -> None:
        """Start again."""
        self.total = 0.0
        self.count = 0.0

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
        """Add a batch and return the mean so far."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name}


def _check_same_shape(
    metric: Metric, y_shape: tuple[int, ...], output_shape: tuple[int | None, ...]
) -> None:
    """Require as many values as the output has; dimensions of 1 may be left out."""
    wanted, given = ([n for n in s[1:] if n != 1] for s in (output_shape, y_shape))
    if wanted != given:
        raise ValueError(
            f"metric '{metric.name}': expected y of the output's shape "
            f"{format_shape(output_shape)}, received {y_shape}"
        )


def _check_labels(
    metric: Metric, y_shape: tuple[int, ...], output_shape: tuple[int | None, ...]
) -> None:
    """Require one label per sample."""
    if tuple(y_shape[1:]) not in ((), (1,)):
        raise ValueError(
            f"metric '{metric.name}': expected labels of shape (N,) or (N, 1), "
            f"received y of shape {y_shape}"
        )


class Mean(Metric):
    """The mean of the numbers given to `update_state`."""

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        """Start from nothing."""
        super().__init__(dtype, name)

    def update_state(  # type: ignore[override]  # Keras's Mean takes values alone
        self, values: Any, sample_weight: Any = None
    ) -> None:
        """Add numbers, each counted once or by its weight."""
        self.add(np.asarray(values, np.float64), sample_weight)

    def __call__(  # type: ignore[override]
        self, values: Any, sample_weight: Any = None
    ) -> float:
        """Add numbers and return the mean so far."""
        self.update_state(values, sample_weight)
        return self.result()


class CategoricalAccuracy(Metric):
    """How often the largest prediction is the largest target.

    Shapes:
        y_true, y_pred: (N, C)
    """

    _direction = "up"

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        """Start from nothing."""
        super().__init__(dtype, name)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Compare the two argmaxes."""
        return y_true.argmax(-1) == y_pred.argmax(-1)

    check = _check_same_shape


class SparseCategoricalAccuracy(Metric):
    """How often the largest prediction is that of the label.

    Shapes:
        y_true: (N,) or (N, 1), y_pred: (N, C)
    """

    _direction = "up"

    def __init__(
        self, name: str = "sparse_categorical_accuracy", dtype: Any = None
    ) -> None:
        """Start from nothing."""
        super().__init__(dtype, name)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Compare the label with the argmax."""
        return y_true.reshape(-1) == y_pred.argmax(-1)

    check = _check_labels


class BinaryAccuracy(Metric):
    """How often y_pred > threshold equals y_true.

    Shapes:
        y_true, y_pred: (N, 1)

    Args:
        name: key in logs and history.
        dtype: accepted for Keras's sake.
        threshold: above it a prediction counts as 1.
    """

    _direction = "up"

    def __init__(
        self,
        name: str = "binary_accuracy",
        dtype: Any = None,
        threshold: float = 0.5,
    ) -> None:
        """Keep the threshold."""
        super().__init__(dtype, name)
        self.threshold = arguments.fraction(type(self).__name__, "threshold", threshold)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Compare after thresholding; several outputs of a sample are averaged."""
        matches = y_true.reshape(y_pred.shape) == (y_pred > self.threshold)
        return matches.reshape(len(y_pred), -1).mean(-1)

    check = _check_same_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name, "threshold": self.threshold}


class SparseTopKCategoricalAccuracy(Metric):
    """How often the label is among the k largest predictions.

    A class counts as ahead of the label's if its prediction is larger, so that ties
    are decided in favour of the label, as in `tf.math.in_top_k`.

    Shapes:
        y_true: (N,) or (N, 1), y_pred: (N, C)

    Args:
        k: how many predictions to look at.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
        from_sorted_ids: outside the subset.
    """

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        """Keep k."""
        refuse(type(self).__name__, from_sorted_ids=(from_sorted_ids, False))
        super().__init__(dtype, name)
        self.k = arguments.positive_int(type(self).__name__, "k", k)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Count the classes ahead of the label."""
        labels = y_true.reshape(-1, 1).astype(np.intp)
        own = np.take_along_axis(y_pred, labels, -1)
        return np.isfinite(y_pred).all(-1) & ((y_pred > own).sum(-1) < self.k)

    check = _check_labels

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name, "k": self.k}


class TopKCategoricalAccuracy(SparseTopKCategoricalAccuracy):
    """How often the largest target is among the k largest predictions.

    Shapes:
        y_true, y_pred: (N, C)

    Args:
        k: how many predictions to look at.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
    """

    def __init__(
        self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        """Keep k."""
        super().__init__(k, name, dtype)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Take the label from the one-hot row."""
        return super().values(y_true.argmax(-1), y_pred)

    check = _check_same_shape


class MeanSquaredError(Metric):
    """Mean of (y_pred − y_true)².

    Shapes:
        y_true, y_pred: (N, ...)
    """

    _direction = "down"

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        """Start from nothing."""
        super().__init__(dtype, name)

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Average over each sample's outputs."""
        squares = np.square(y_pred - y_true.reshape(y_pred.shape))
        return squares.reshape(len(y_pred), -1).mean(-1)

    check = _check_same_shape


ALL = {
    "categorical_accuracy": CategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
    "binary_accuracy": BinaryAccuracy,
    "top_k_categorical_accuracy": TopKCategoricalAccuracy,
    "sparse_top_k_categorical_accuracy": SparseTopKCategoricalAccuracy,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
}


# Which accuracy these stand for depends on the shapes.
ACCURACY = ("accuracy", "acc")


def check(identifier: Any) -> Any:
    """Return what `resolve` will understand.

    Raises:
        ValueError: a name is unknown.
        TypeError: the identifier is neither a name nor a `Metric`.
    """
    if not _is_accuracy(identifier):
        known = {**dict.fromkeys(ACCURACY, CategoricalAccuracy), **ALL}
        lookup.find("metric", identifier, known, Metric)
    return identifier


def resolve(
    identifier: Any, y_shape: tuple[int, ...], output_shape: tuple[int | None, ...]
) -> Metric:
    """Return a metric; ``"accuracy"`` is chosen by the shapes, as Keras chooses it.

    Binary for a single output, sparse for labels that are whole numbers, categorical
    otherwise. The metric's key in the logs is the name that the user wrote.

    Args:
        identifier: a name or a `Metric`.
        y_shape: shape of the targets.
        output_shape: shape of the model's output, (N, ...).

    Raises:
        ValueError: the metric can't be computed from such targets.

    Reference: `keras/src/trainers/compile_utils.py` (get_metric).
    """
    if not _is_accuracy(identifier):
        metric = lookup.find("metric", identifier, ALL, Metric)
    elif output_shape[-1] == 1:
        metric = BinaryAccuracy()
    elif len(y_shape) < len(output_shape) or y_shape[-1] == 1:
        metric = SparseCategoricalAccuracy()
    else:
        metric = CategoricalAccuracy()
    if isinstance(identifier, str):
        metric.name = identifier
    metric.check(y_shape, output_shape)
    return metric


def describe(identifier: Any) -> Any:
    """Return a name as it is, and a `Metric` as configurations write it."""
    if isinstance(identifier, str):
        return identifier
    return lookup.describe(lookup.find("metric", identifier, ALL, Metric))


def name_and_mode(identifier: Any) -> tuple[str, str | None]:
    """Return a metric's key in the logs, and "max", "min" or None: what is better.

    >>> name_and_mode("acc"), name_and_mode(MeanSquaredError(name="distance"))
    (('acc', 'max'), ('distance', 'min'))
    """
    if _is_accuracy(identifier):
        return identifier, "max"
    metric = lookup.find("metric", identifier, ALL, Metric)
    name = identifier if isinstance(identifier, str) else metric.name
    direction = metric._direction
    return name, direction and ("max" if direction == "up" else "min")


def _is_accuracy(identifier: Any) -> bool:
    return isinstance(identifier, str) and identifier.lower() in ACCURACY


__getattr__ = lookup.missing_attribute(
    __name__, [*(found.__name__ for found in ALL.values()), "Metric", "Mean"]
)
