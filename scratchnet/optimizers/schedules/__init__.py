"""Learning rates that change from step to step.

Reference: `keras/src/optimizers/schedules/learning_rate_schedule.py`.
"""

from __future__ import annotations

from functools import partial

from scratchnet.foundation import lookup
from scratchnet.optimizers.schedules.cosine_decay import CosineDecay
from scratchnet.optimizers.schedules.cosine_decay_restarts import CosineDecayRestarts
from scratchnet.optimizers.schedules.exponential_decay import ExponentialDecay
from scratchnet.optimizers.schedules.inverse_time_decay import InverseTimeDecay
from scratchnet.optimizers.schedules.learning_rate_schedule import LearningRateSchedule
from scratchnet.optimizers.schedules.piecewise_constant_decay import (
    PiecewiseConstantDecay,
)
from scratchnet.optimizers.schedules.polynomial_decay import PolynomialDecay

ALL: dict[str, type[LearningRateSchedule]] = {
    "CosineDecay": CosineDecay,
    "CosineDecayRestarts": CosineDecayRestarts,
    "ExponentialDecay": ExponentialDecay,
    "InverseTimeDecay": InverseTimeDecay,
    "PiecewiseConstantDecay": PiecewiseConstantDecay,
    "PolynomialDecay": PolynomialDecay,
}


serialize = lookup.serializer(__name__, "learning_rate_schedule")
deserialize = lookup.deserializer(
    __name__,
    "learning_rate_schedule",
    partial(lookup.find, "schedule", known=ALL, base=LearningRateSchedule),
)

__all__ = [*ALL, "LearningRateSchedule", "deserialize", "serialize"]

__getattr__ = lookup.missing_attribute(__name__, __all__)
