"""What `compile` is given as metrics: a name may wait for the shapes."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import lookup, naming
from scratchnet.foundation.shapes import Shape
from scratchnet.metrics.binary_accuracy import BinaryAccuracy
from scratchnet.metrics.categorical_accuracy import CategoricalAccuracy
from scratchnet.metrics.mean_metric_wrapper import MeanMetricWrapper
from scratchnet.metrics.metric import Metric
from scratchnet.metrics.names import ALL, get
from scratchnet.metrics.sparse_categorical_accuracy import SparseCategoricalAccuracy

# Which accuracy these stand for depends on the shapes.
ACCURACY = ("accuracy", "acc")


def check(identifier: Any) -> Any:
    """Return what `resolve` will understand.

    Raises:
        ValueError: a name is unknown.
        TypeError: the identifier is neither a name, a function nor a `Metric`.
    """
    if isinstance(identifier, str) and identifier not in ALL:
        if not _is_accuracy(identifier):
            known = {**dict.fromkeys(ACCURACY, CategoricalAccuracy), **ALL}
            lookup.find("metric", identifier, known, Metric)
    elif not isinstance(identifier, str):
        with naming.preserved():
            get(identifier)
    return identifier


def resolve(identifier: Any, y_shape: tuple[int, ...], output_shape: Shape) -> Metric:
    """Return a metric; ``"accuracy"`` is chosen by the shapes, as Keras chooses it.

    Binary for a single output, sparse for integer labels, categorical
    otherwise. The metric's key in the logs is the name that the user wrote.

    Args:
        identifier: a name, a function or a `Metric`.
        y_shape: shape of the targets.
        output_shape: shape of the model's output, (N, ...).

    Raises:
        ValueError: the metric can't be computed from such targets.

    Reference: `keras/src/trainers/compile_utils.py` (get_metric).
    """
    if not _is_accuracy(identifier):
        metric = get(identifier)
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
    """Return a name as it is, and what else is a metric as configurations write it."""
    if isinstance(identifier, str):
        return identifier
    metric = get(identifier)
    if type(metric) is MeanMetricWrapper:  # as Keras writes a function
        name = getattr(metric._fn, "__name__", type(metric._fn).__name__)
        return {
            "module": "builtins",
            "class_name": "function",
            "config": name,
            "registered_name": "function",
        }
    return lookup.describe(metric)


def name_and_mode(identifier: Any) -> tuple[str, str | None]:
    """Return a metric's key in the logs, and "max", "min" or None: what is better.

    >>> from scratchnet.metrics import MeanSquaredError
    >>> name_and_mode("acc"), name_and_mode(MeanSquaredError(name="distance"))
    (('acc', 'max'), ('distance', 'min'))
    """
    if _is_accuracy(identifier):
        return identifier, "max"
    with naming.preserved():
        metric = get(identifier)
    name = identifier if isinstance(identifier, str) else metric.name
    direction = metric._direction
    return name, direction and ("max" if direction == "up" else "min")


def _is_accuracy(identifier: Any) -> bool:
    return isinstance(identifier, str) and identifier.lower() in ACCURACY
