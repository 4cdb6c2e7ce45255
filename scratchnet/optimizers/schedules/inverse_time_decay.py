"""Decay by division."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.tensor import Tensor, as_tensor
from scratchnet.optimizers.schedules.learning_rate_schedule import (
    LearningRateSchedule,
    positive_steps,
    single,
)


class InverseTimeDecay(LearningRateSchedule):
    """Divide the learning rate by a number that grows with the steps.

        lr = initial_learning_rate / (1 + decay_rate · step / decay_steps)

    With ``decay_steps=1`` it is what ``decay=`` was in old Keras.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: above 0.
        decay_rate: how fast the divisor grows.
        staircase: whether step / decay_steps is rounded down.
        name: of the schedule.

    Reference: `keras/src/optimizers/schedules/learning_rate_schedule.py`.

    >>> float(InverseTimeDecay(1.0, 100, 0.5)(200))
    0.5
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive_steps(self, "decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        """Return the learning rate for a step."""
        part = single(step) / single(self.decay_steps)
        if self.staircase:
            part = np.floor(part)
        divisor = single(1) + single(self.decay_rate) * part
        return as_tensor(single(self.initial_learning_rate) / divisor)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }
