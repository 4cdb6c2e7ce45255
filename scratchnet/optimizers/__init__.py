"""Optimizers: how a gradient changes a parameter.

Reference: `keras/src/optimizers/`.
"""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import lookup
from scratchnet.optimizers.adam import Adam
from scratchnet.optimizers.optimizer import Optimizer
from scratchnet.optimizers.rmsprop import RMSprop
from scratchnet.optimizers.sgd import SGD

ALL: dict[str, type[Optimizer]] = {"adam": Adam, "rmsprop": RMSprop, "sgd": SGD}


def get(identifier: Any) -> Optimizer:
    """Return an optimizer by name, or the one given.

    Raises:
        ValueError: the name is unknown.
        TypeError: the identifier is neither a name nor an `Optimizer`.
    """
    if isinstance(identifier, str):
        identifier = identifier.lower()
    return lookup.find("optimizer", identifier, ALL, Optimizer)


__all__ = [*(found.__name__ for found in ALL.values()), "Optimizer"]

__getattr__ = lookup.missing_attribute(__name__, __all__)
