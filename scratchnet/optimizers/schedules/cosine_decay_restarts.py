"""Decay along half a wave, again and again."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.tensor import Tensor, as_tensor
from scratchnet.optimizers.schedules.learning_rate_schedule import (
    LearningRateSchedule,
    positive_steps,
    single,
)


class CosineDecayRestarts(LearningRateSchedule):
    """Go down along half a wave of the cosine, and start again from the top.

    Args:
        initial_learning_rate: at step 0.
        first_decay_steps: steps of the first descent, above 0.
        t_mul: each descent takes so many times the steps of the one before.
        m_mul: and starts at so many times its learning rate.
        alpha: the lowest learning rate, as a share of the initial one.
        name: of the schedule.

    Reference: Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with
    warm restarts"; `keras/src/optimizers/schedules/learning_rate_schedule.py`.

    >>> rate = CosineDecayRestarts(1.0, 100, m_mul=0.5)
    >>> [round(float(rate(step)), 6) for step in (0, 50, 100, 200, 300)]
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = positive_steps(
            self, "first_decay_steps", first_decay_steps
        )
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        """Return the learning rate for a step."""
        restarts, done = self._descents(single(step) / single(self.first_decay_steps))
        alpha, height = single(self.alpha), single(self.m_mul) ** restarts
        wave = single(0.5) * height * (1 + np.cos(single(np.pi) * done))
        return as_tensor(
            single(self.initial_learning_rate) * ((1 - alpha) * wave + alpha)
        )

    def _descents(self, passed: np.float32) -> tuple[np.float32, np.float32]:
        """Return how many descents are over, and how much of this one is.

        Args:
            passed: steps taken, in lengths of the first descent.
        """
        longer = single(self.t_mul)
        if longer == 1:
            restarts = np.floor(passed)
            return restarts, passed - restarts
        # 1 + longer + longer² + … of n terms is (1 − longerⁿ) / (1 − longer).
        restarts = np.floor(np.log(1 - passed * (1 - longer)) / np.log(longer))
        begun = (1 - longer**restarts) / (1 - longer)
        return restarts, (passed - begun) / longer**restarts

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self.t_mul,
            "m_mul": self.m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }
