"""Metrics by their names: which there are, and what a name stands for."""

from __future__ import annotations

from typing import Any

from scratchnet import losses
from scratchnet.foundation import lookup, naming
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
from scratchnet.metrics.metric import Metric
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

ROOM = "scratchnet.metrics"

# Keras has these as functions, too.
FUNCTIONS = {
    **{
        naming.snake_case(cls.__name__): as_function(
            naming.snake_case(cls.__name__), cls, ROOM
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
