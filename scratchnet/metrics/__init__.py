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

from scratchnet.foundation import lookup
from scratchnet.metrics.compiled import (  # noqa: F401 - for other rooms
    ACCURACY,
    check,
    describe,
    name_and_mode,
    resolve,
)
from scratchnet.metrics.metric import Metric, as_log
from scratchnet.metrics.names import *  # noqa: F403 - the metrics
from scratchnet.metrics.names import CLASSES, FUNCTIONS, get

# A module of a function's name makes place for it.
globals().update(FUNCTIONS)

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
