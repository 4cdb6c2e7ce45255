"""Constraints: what weights are made to be after every step of the optimizer.

Reference: `keras/src/constraints/constraints.py`.
"""

from __future__ import annotations

from typing import Any

from scratchnet.constraints.constraint import Constraint
from scratchnet.constraints.max_norm import MaxNorm
from scratchnet.constraints.min_max_norm import MinMaxNorm
from scratchnet.constraints.non_neg import NonNeg
from scratchnet.constraints.unit_norm import UnitNorm
from scratchnet.foundation import lookup

ALL: dict[str, type[Constraint]] = {
    "max_norm": MaxNorm,
    "min_max_norm": MinMaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
}

# Keras's other names of the same classes.
max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm


def get(identifier: Any) -> Constraint | None:
    """Return a constraint by name, class or configuration, or the one given.

    None stands for none.

    Raises:
        ValueError: the name is unknown.
        TypeError: the identifier is something else, such as a function: write a class
            derived from `Constraint`.
    """
    return lookup.find_any(
        *("constraint", identifier, ALL, Constraint),
        "could not be saved; derive a class from constraints.Constraint, with "
        "__call__(self, w)",
    )


serialize = lookup.serializer(__name__, "constraint")
deserialize = lookup.deserializer(__name__, "constraint", get)

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

__getattr__ = lookup.missing_attribute(__name__, __all__)
