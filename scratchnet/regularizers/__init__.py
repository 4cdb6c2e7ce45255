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
    if identifier is None:
        return None
    if isinstance(identifier, type) and issubclass(identifier, Regularizer):
        return identifier()
    if callable(identifier) and not isinstance(identifier, Regularizer):
        raise TypeError(
            f"regularizer: {identifier!r} has no gradient; derive a class from "
            "regularizers.Regularizer, with __call__(self, x) and gradient(self, x)"
        )
    return lookup.find("regularizer", identifier, ALL, Regularizer)


def serialize(regularizer: Regularizer) -> dict[str, Any]:
    """Return a regularizer's configuration, with the name of its class."""
    return lookup.describe(regularizer)


def deserialize(
    config: dict[str, Any], custom_objects: dict[str, Any] | None = None
) -> Regularizer:
    """Return the regularizer that a configuration describes.

    Args:
        config: what `serialize` returned, or Keras's function of that name.
        custom_objects: name → class of regularizers of your own.

    Raises:
        ValueError: there is no such regularizer.
    """
    known = {**ALL, **(custom_objects or {})}
    return lookup.find("regularizer", config, known, Regularizer)


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
