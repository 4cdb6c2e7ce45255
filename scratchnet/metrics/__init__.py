"""Metrics: what is reported beside the loss, as a mean over the samples seen.

    result = ∑ value of sample / number of samples

Sums are kept in float64, where Keras keeps float32: the two differ by less than what
Keras prints.

Reference: `keras/src/metrics/accuracy_metrics.py`, `reduction_metrics.py`.
"""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import lookup
from scratchnet.foundation.shapes import Shape
from scratchnet.metrics.binary_accuracy import BinaryAccuracy
from scratchnet.metrics.categorical_accuracy import CategoricalAccuracy
from scratchnet.metrics.mean import Mean
from scratchnet.metrics.mean_squared_error import MeanSquaredError
from scratchnet.metrics.metric import Metric
from scratchnet.metrics.sparse_categorical_accuracy import SparseCategoricalAccuracy
from scratchnet.metrics.sparse_top_k_categorical_accuracy import (
    SparseTopKCategoricalAccuracy,
)
from scratchnet.metrics.top_k_categorical_accuracy import TopKCategoricalAccuracy

ALL: dict[str, type[Metric]] = {
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


def resolve(identifier: Any, y_shape: tuple[int, ...], output_shape: Shape) -> Metric:
    """Return a metric; ``"accuracy"`` is chosen by the shapes, as Keras chooses it.

    Binary for a single output, sparse for integer labels, categorical
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


# Keras has functions of these names, which scratchnet does not: no module may pass
# for one of them.
for _name in ALL:
    globals().pop(_name, None)

__all__ = [*(found.__name__ for found in ALL.values()), "Mean", "Metric"]

__getattr__ = lookup.missing_attribute(__name__, __all__)
