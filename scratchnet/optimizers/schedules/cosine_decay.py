"""Decay along half a wave."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.tensor import Tensor, as_tensor
from scratchnet.optimizers.schedules.learning_rate_schedule import (
    LearningRateSchedule,
    positive_steps,
    single,
)


class CosineDecay(LearningRateSchedule):
    """Go down along half a wave of the cosine, slowly at both ends.

        lr = initial · ((1 − alpha) · (1 + cos(π · step / decay_steps)) / 2 + alpha)

    With a ``warmup_target``, the learning rate first rises from the initial one to the
    target, in a straight line, and goes down from there.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: steps of the descent, above 0.
        alpha: the lowest learning rate, as a share of the highest.
        name: of the schedule.
        warmup_target: where to rise to; None does without.
        warmup_steps: steps of the rise.

    Reference: Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with
    warm restarts"; `keras/src/optimizers/schedules/learning_rate_schedule.py`.

    >>> rate = CosineDecay(0.0, 100, warmup_target=1.0, warmup_steps=10)
    >>> [round(float(rate(step)), 6) for step in (0, 5, 10, 60, 110)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive_steps(self, "decay_steps", decay_steps)
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Tensor:
        """Return the learning rate for a step."""
        at, start = single(step), single(self.initial_learning_rate)
        if self.warmup_target is None:
            return as_tensor(self._descent(at, start))
        rise, target = single(self.warmup_steps), single(self.warmup_target)
        if at < rise:
            return as_tensor((target - start) * (at / rise) + start)
        return as_tensor(self._descent(at - rise, target))

    def _descent(self, at: np.float32, highest: np.float32) -> np.float32:
        steps, alpha = single(self.decay_steps), single(self.alpha)
        wave = single(0.5) * (1 + np.cos(single(np.pi) * (min(at, steps) / steps)))
        return highest * ((1 - alpha) * wave + alpha)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }
