"""Learning rates that change from step to step.

Reference: `keras/src/optimizers/schedules/learning_rate_schedule.py`.
"""

from __future__ import annotations

from typing import Any

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


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return a schedule's configuration, with the name of its class."""
    return lookup.describe(learning_rate_schedule)


def deserialize(
    config: dict[str, Any], custom_objects: dict[str, Any] | None = None
) -> LearningRateSchedule:
    """Return the schedule that a configuration describes.

    Args:
        config: what `serialize` returned, or Keras's function of that name.
        custom_objects: name → class of schedules of your own.

    Raises:
        ValueError: there is no such schedule.
        TypeError: it is no configuration.
    """
    known = {**ALL, **(custom_objects or {})}
    return lookup.find("schedule", config, known, LearningRateSchedule)


__all__ = [*ALL, "LearningRateSchedule", "deserialize", "serialize"]

__getattr__ = lookup.missing_attribute(__name__, __all__)
