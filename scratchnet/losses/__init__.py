"""Losses: one number per sample to be made small, and its gradient.

    CategoricalCrossentropy        −∑_c t_c log p_c   (t one-hot or a distribution)
    SparseCategoricalCrossentropy  −log p_label       (labels are integers)
    MeanSquaredError               mean over d of (y_d − t_d)²

A batch's loss is ∑ₙ wₙ lossₙ / N: the sum over the samples, times their weights,
divided by their number (Keras's ``sum_over_batch_size``).

Reference: `keras/src/losses/losses.py`, `keras/src/losses/loss.py`.
"""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import lookup
from scratchnet.losses.categorical_crossentropy import (
    CategoricalCrossentropy,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)
from scratchnet.losses.loss import Loss
from scratchnet.losses.mean_squared_error import MeanSquaredError
from scratchnet.losses.sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy,
)

ALL: dict[str, type[Loss]] = {
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
}


def get(identifier: Any) -> Loss:
    """Return a loss by name, or the one given.

    Raises:
        ValueError: the name is unknown.
        TypeError: the identifier is neither a name nor a `Loss`.
    """
    return lookup.find("loss", identifier, ALL, Loss)


# Keras has functions of these names, which scratchnet does not: no module may pass
# for one of them.
for _name in ALL:
    globals().pop(_name, None)

__all__ = [
    *(found.__name__ for found in ALL.values()),
    "Loss",
    "softmax_cross_entropy",
    "softmax_cross_entropy_gradient",
]

__getattr__ = lookup.missing_attribute(__name__, __all__)
