"""Regularizers: penalties on weights and outputs, which join the loss.

Reference: `keras/src/regularizers/regularizers.py`.
"""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import lookup
from scratchnet.regularizers.l1_l2 import L1, L1L2, L2
from scratchnet.regularizers.orthogonal_regularizer import OrthogonalRegularizer
from scratchnet.regularizers.regularizer import Regularizer

ALL: dict[str, type[Regularizer]] = {
    "l1": L1,
    "l2": L2,
    "l1l2": L1L2,
    "l1_l2": L1L2,
    "orthogonal_regularizer": OrthogonalRegularizer,
}

# Keras's other names of the same classes.
l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer


def get(identifier: Any) -> Regularizer | None:
    """Return a regularizer by name, class or configuration, or the one given.

    None stands for none.

    Raises:
        ValueError: the name is unknown.
        TypeError: the identifier is something else, such as a function, which has no
            gradient: write a class derived from `Regularizer`.
    """
    return lookup.find_any(
        *("regularizer", identifier, ALL, Regularizer),
        "has no gradient; derive a class from regularizers.Regularizer, with "
        "__call__(self, x) and gradient(self, x)",
    )


serialize = lookup.serializer(__name__, "regularizer")
deserialize = lookup.deserializer(__name__, "regularizer", get)

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

__getattr__ = lookup.missing_attribute(__name__, __all__)
