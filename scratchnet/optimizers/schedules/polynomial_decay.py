"""Decay to a lowest value, along a power."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.tensor import Tensor, as_tensor
from scratchnet.optimizers.schedules.learning_rate_schedule import (
    LearningRateSchedule,
    positive_steps,
    single,
)


class PolynomialDecay(LearningRateSchedule):
    """Go from one learning rate to another in a number of steps, and stay there.

        lr = (initial − end) · (1 − step / decay_steps) ^ power + end

    Args:
        initial_learning_rate: at step 0.
        decay_steps: above 0.
        end_learning_rate: from decay_steps on.
        power: 1 is a straight line.
        cycle: whether to start again after decay_steps, with twice as many steps from
            0 to the end, then with three times as many, and so on.
        name: of the schedule.

    Reference: `keras/src/optimizers/schedules/learning_rate_schedule.py`.

    >>> float(PolynomialDecay(1.0, 100, end_learning_rate=0.5)(50))
    0.75
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive_steps(self, "decay_steps", decay_steps)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        """Return the learning rate for a step."""
        at, steps = single(step), single(self.decay_steps)
        if self.cycle:
            steps = steps * max(single(1), np.ceil(at / steps))
        else:
            at = min(at, steps)
        end = single(self.end_learning_rate)
        left = (single(1) - at / steps) ** single(self.power)
        return as_tensor((single(self.initial_learning_rate) - end) * left + end)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }
