"""Losses: numbers to be made small, and their gradients.

    classes       CategoricalCrossentropy, SparseCategoricalCrossentropy,
                  CategoricalFocalCrossentropy, CategoricalHinge, KLDivergence
    yes and no    BinaryCrossentropy, BinaryFocalCrossentropy, Hinge, SquaredHinge
    numbers       MeanSquaredError, MeanAbsoluteError, MeanAbsolutePercentageError,
                  MeanSquaredLogarithmicError, Huber, LogCosh, Poisson, CosineSimilarity
    regions       Dice, Tversky

A batch's loss is ∑ w·loss / N: the sum over the samples, times their weights, divided
by their number (Keras's ``sum_over_batch_size``); `Loss` has the other reductions. Each
is there as a function, too: ``mean_squared_error(y_true, y_pred)`` gives all values.

Reference: `keras/src/losses/losses.py`, `keras/src/losses/loss.py`.
"""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import lookup
from scratchnet.losses.binary_crossentropy import BinaryCrossentropy
from scratchnet.losses.binary_focal_crossentropy import BinaryFocalCrossentropy
from scratchnet.losses.categorical_crossentropy import (
    CategoricalCrossentropy,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)
from scratchnet.losses.categorical_focal_crossentropy import (
    CategoricalFocalCrossentropy,
)
from scratchnet.losses.categorical_hinge import CategoricalHinge
from scratchnet.losses.cosine_similarity import CosineSimilarity
from scratchnet.losses.dice import Dice
from scratchnet.losses.functions import as_function
from scratchnet.losses.hinge import Hinge
from scratchnet.losses.huber import Huber
from scratchnet.losses.kl_divergence import KLDivergence
from scratchnet.losses.log_cosh import LogCosh
from scratchnet.losses.loss import Loss, fitted
from scratchnet.losses.mean_absolute_error import MeanAbsoluteError
from scratchnet.losses.mean_absolute_percentage_error import (
    MeanAbsolutePercentageError,
)
from scratchnet.losses.mean_squared_error import MeanSquaredError
from scratchnet.losses.mean_squared_logarithmic_error import (
    MeanSquaredLogarithmicError,
)
from scratchnet.losses.poisson import Poisson
from scratchnet.losses.sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy,
)
from scratchnet.losses.squared_hinge import SquaredHinge
from scratchnet.losses.tversky import Tversky

# The name of the function → the class.
CLASSES: dict[str, type[Loss]] = {
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "categorical_focal_crossentropy": CategoricalFocalCrossentropy,
    "categorical_hinge": CategoricalHinge,
    "kl_divergence": KLDivergence,
    "binary_crossentropy": BinaryCrossentropy,
    "binary_focal_crossentropy": BinaryFocalCrossentropy,
    "hinge": Hinge,
    "squared_hinge": SquaredHinge,
    "mean_squared_error": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "mean_absolute_percentage_error": MeanAbsolutePercentageError,
    "mean_squared_logarithmic_error": MeanSquaredLogarithmicError,
    "huber": Huber,
    "log_cosh": LogCosh,
    "poisson": Poisson,
    "cosine_similarity": CosineSimilarity,
    "dice": Dice,
    "tversky": Tversky,
}

SHORT = {
    "bce": BinaryCrossentropy,
    "kld": KLDivergence,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "mse": MeanSquaredError,
    "msle": MeanSquaredLogarithmicError,
}

ALL: dict[str, type[Loss]] = {
    **CLASSES,
    **SHORT,
    **{name.upper(): cls for name, cls in SHORT.items()},
}

# Keras has its losses as functions, too; a module of that name makes place for it.
FUNCTIONS: dict[str, Any] = {
    name: as_function(name, cls, __name__) for name, cls in CLASSES.items()
}
# Names of Keras 2's, which `tf.keras` still has.
OLDER_NAMES = {
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}
OLDER_NAMES |= {name.upper(): now for name, now in OLDER_NAMES.items() if name in SHORT}
FUNCTIONS |= {name: FUNCTIONS[now] for name, now in OLDER_NAMES.items()}
globals().update(FUNCTIONS)


def get(identifier: Any) -> Loss:
    """Return a loss by name, or the one given.

    Raises:
        ValueError: the name is unknown.
        TypeError: the identifier is neither a name nor a `Loss`, nor a function.
    """
    if callable(identifier) and not isinstance(identifier, type | Loss):
        if lookup.name_of_function(identifier, ALL) is None:
            return Loss.of_function(identifier)
    return lookup.find("loss", identifier, ALL, Loss).learnt


serialize = lookup.serializer(__name__, "loss")
deserialize = lookup.deserializer(__name__, "loss", get, "name")

__all__ = [
    *(found.__name__ for found in CLASSES.values()),
    *FUNCTIONS,
    "Loss",
    "fitted",
    "deserialize",
    "get",
    "serialize",
    "softmax_cross_entropy",
    "softmax_cross_entropy_gradient",
]

__getattr__ = lookup.missing_attribute(__name__, __all__)
