"""Optimizers: how a gradient changes a parameter.

Reference: `keras/src/optimizers/`.
"""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import lookup
from scratchnet.optimizers import legacy, schedules
from scratchnet.optimizers.adadelta import Adadelta
from scratchnet.optimizers.adagrad import Adagrad
from scratchnet.optimizers.adam import Adam
from scratchnet.optimizers.adamax import Adamax
from scratchnet.optimizers.adamw import AdamW
from scratchnet.optimizers.ftrl import Ftrl
from scratchnet.optimizers.lion import Lion
from scratchnet.optimizers.nadam import Nadam
from scratchnet.optimizers.optimizer import Optimizer
from scratchnet.optimizers.rmsprop import RMSprop
from scratchnet.optimizers.sgd import SGD

ALL: dict[str, type[Optimizer]] = {
    "adadelta": Adadelta,
    "adagrad": Adagrad,
    "adam": Adam,
    "adamax": Adamax,
    "adamw": AdamW,
    "ftrl": Ftrl,
    "lion": Lion,
    "nadam": Nadam,
    "rmsprop": RMSprop,
    "sgd": SGD,
}


def get(identifier: Any) -> Optimizer:
    """Return an optimizer by name or configuration, or the one given.

    Raises:
        ValueError: the name is unknown.
        TypeError: the identifier is neither a name nor an `Optimizer`.
    """
    if isinstance(identifier, str):
        identifier = identifier.lower()
    return lookup.find("optimizer", identifier, ALL, Optimizer)


serialize = lookup.serializer(__name__, "optimizer")
deserialize = lookup.deserializer(__name__, "optimizer", get)

__all__ = [
    *(found.__name__ for found in ALL.values()),
    "Optimizer",
    "deserialize",
    "get",
    "legacy",
    "schedules",
    "serialize",
]

__getattr__ = lookup.missing_attribute(__name__, __all__)
