"""Metrics: what is reported beside the loss, over the samples seen.

    accuracies     Accuracy, BinaryAccuracy, CategoricalAccuracy,
                   SparseCategoricalAccuracy, TopKCategoricalAccuracy,
                   SparseTopKCategoricalAccuracy
    yes and no     Precision, Recall, AUC, TruePositives, FalsePositives,
                   TrueNegatives, FalseNegatives, SensitivityAtSpecificity,
                   SpecificityAtSensitivity, PrecisionAtRecall, RecallAtPrecision
    classes        F1Score, FBetaScore
    regions        IoU, BinaryIoU, MeanIoU, OneHotIoU, OneHotMeanIoU
    losses         MeanSquaredError and the others of `losses`, RootMeanSquaredError
    anything       Mean, Sum, MeanMetricWrapper, any Python function, and classes
                   derived from Metric

Most are a mean: ∑ value of sample / number of samples. Those sums are kept in float64,
where Keras keeps float32: the two differ by less than what Keras prints.

Reference: `keras/src/metrics`.
"""

from __future__ import annotations

from typing import Any

from scratchnet import losses
from scratchnet.foundation import lookup, naming
from scratchnet.foundation.shapes import Shape
from scratchnet.metrics.accuracy import Accuracy
from scratchnet.metrics.auc import AUC
from scratchnet.metrics.binary_accuracy import BinaryAccuracy
from scratchnet.metrics.categorical_accuracy import CategoricalAccuracy
from scratchnet.metrics.counts import (
    FalseNegatives,
    FalsePositives,
    TrueNegatives,
    TruePositives,
)
from scratchnet.metrics.f1_score import F1Score
from scratchnet.metrics.f_beta_score import FBetaScore
from scratchnet.metrics.functions import as_function
from scratchnet.metrics.iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from scratchnet.metrics.loss_metrics import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from scratchnet.metrics.mean import Mean
from scratchnet.metrics.mean_metric_wrapper import MeanMetricWrapper
from scratchnet.metrics.mean_squared_error import MeanSquaredError
from scratchnet.metrics.metric import Metric, as_log
from scratchnet.metrics.operating_points import (
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from scratchnet.metrics.precision_and_recall import Precision, Recall
from scratchnet.metrics.root_mean_squared_error import RootMeanSquaredError
from scratchnet.metrics.sparse_categorical_accuracy import SparseCategoricalAccuracy
from scratchnet.metrics.sparse_top_k_categorical_accuracy import (
    SparseTopKCategoricalAccuracy,
)
from scratchnet.metrics.sum import Sum
from scratchnet.metrics.top_k_categorical_accuracy import TopKCategoricalAccuracy

CLASSES: tuple[type[Metric], ...] = (
    *(Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy),
    *(TopKCategoricalAccuracy, SparseTopKCategoricalAccuracy),
    *(Precision, Recall, AUC, F1Score, FBetaScore),
    *(TruePositives, FalsePositives, TrueNegatives, FalseNegatives),
    *(SensitivityAtSpecificity, SpecificityAtSensitivity),
    *(PrecisionAtRecall, RecallAtPrecision),
    *(IoU, BinaryIoU, MeanIoU, OneHotIoU, OneHotMeanIoU),
    *(BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy),
    *(MeanSquaredError, RootMeanSquaredError, MeanAbsoluteError),
    *(MeanAbsolutePercentageError, MeanSquaredLogarithmicError, LogCoshError),
    *(KLDivergence, Poisson, CosineSimilarity),
    *(Hinge, SquaredHinge, CategoricalHinge),
    *(Mean, Sum, MeanMetricWrapper),
)

SHORT: dict[str, type[Metric]] = {
    "bce": BinaryCrossentropy,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "mse": MeanSquaredError,
    "msle": MeanSquaredLogarithmicError,
}

ALL: dict[str, type[Metric]] = {
    **{naming.snake_case(cls.__name__): cls for cls in CLASSES},
    **SHORT,
    **{name.upper(): cls for name, cls in SHORT.items()},
}

# Which accuracy these stand for depends on the shapes.
ACCURACY = ("accuracy", "acc")

# Keras has these as functions, too; a module of that name makes place for them.
FUNCTIONS = {
    **{
        naming.snake_case(cls.__name__): as_function(
            naming.snake_case(cls.__name__), cls, __name__
        )
        for cls in (
            *(BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy),
            *(TopKCategoricalAccuracy, SparseTopKCategoricalAccuracy),
        )
    },
    **{
        name: getattr(losses, name)
        for name in (*losses.CLASSES, *losses.OLDER_NAMES)
        if name not in ("cosine_similarity", "dice", "tversky")
    },
}
globals().update(FUNCTIONS)


def get(identifier: Any) -> Metric:
    """Return a metric by name, configuration or function, or the one given.

    Raises:
        ValueError: a name is unknown.
        TypeError: the identifier is something else.
    """
    name = lookup.name_of_function(identifier, {**ALL, **FUNCTIONS})
    if name is not None:
        made = ALL[name]() if name in ALL else MeanMetricWrapper(FUNCTIONS[name])
        made.name = name
        return made
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return identifier()
    if callable(identifier) and not isinstance(identifier, Metric | type):
        name = getattr(identifier, "name", None) or naming.snake_case(
            getattr(identifier, "__name__", type(identifier).__name__)
        )
        return MeanMetricWrapper(identifier, name)
    return lookup.find("metric", identifier, ALL, Metric)


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


serialize = lookup.serializer(__name__, "metric")
deserialize = lookup.deserializer(__name__, "metric", get)

__all__ = [
    *(cls.__name__ for cls in CLASSES),
    *FUNCTIONS,
    "Metric",
    "as_log",
    "deserialize",
    "get",
    "serialize",
]

__getattr__ = lookup.missing_attribute(__name__, __all__)
