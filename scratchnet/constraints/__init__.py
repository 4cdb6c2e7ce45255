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
    if identifier is None:
        return None
    if isinstance(identifier, type) and issubclass(identifier, Constraint):
        return identifier()
    if callable(identifier) and not isinstance(identifier, Constraint):
        raise TypeError(
            f"constraint: {identifier!r} could not be saved; derive a class from "
            "constraints.Constraint, with __call__(self, w)"
        )
    return lookup.find("constraint", identifier, ALL, Constraint)


def serialize(constraint: Constraint) -> dict[str, Any]:
    """Return a constraint's configuration, with the name of its class."""
    return lookup.describe(constraint)


def deserialize(
    config: dict[str, Any], custom_objects: dict[str, Any] | None = None
) -> Constraint:
    """Return the constraint that a configuration describes.

    Args:
        config: what `serialize` returned, or Keras's function of that name.
        custom_objects: name → class of constraints of your own.

    Raises:
        ValueError: there is no such constraint.
    """
    known = {**ALL, **(custom_objects or {})}
    return lookup.find("constraint", config, known, Constraint)


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
