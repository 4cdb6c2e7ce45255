"""The step size: a number that can be written, or a schedule."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.tensor import as_tensor, view
from scratchnet.optimizers import schedules


class LearningRate:
    """What an optimizer's ``learning_rate`` is made of.

    Args:
        who: whose it is, for messages.
        value: a number of at least 0, a `schedules.LearningRateSchedule`, or the
            configuration of one.

    Attributes:
        number: the number, (); None if a schedule rules.
        schedule: the schedule; None if it is a number.
    """

    def __init__(self, who: str, value: Any) -> None:
        self.who = who
        self.number: np.ndarray | None = np.zeros(())
        self.schedule: Any = None
        self.set(value)

    def set(self, value: Any) -> None:
        """Take another value.

        Raises:
            TypeError: it is a number where a schedule rules.
            ValueError: it is neither a schedule nor a number of at least 0.
        """
        if isinstance(value, dict):
            value = schedules.deserialize(value)
        if isinstance(value, schedules.LearningRateSchedule):
            self.number, self.schedule = None, value
            return
        if self.number is None:
            raise TypeError(
                f"{self.who}: the learning rate follows a "
                f"{type(self.schedule).__name__}, and can't be set; make the optimizer "
                "with a number to set it later"
            )
        if callable(value):
            raise ValueError(
                f"{self.who}: expected learning_rate to be a number, or an object of a "
                f"class derived from schedules.LearningRateSchedule, received {value!r}"
            )
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        self.number[...] = arguments.non_negative(self.who, "learning_rate", value)

    def at(self, step: int) -> float:
        """Return the step size after so many steps."""
        return self.schedule(step) if self.number is None else self.number.item()

    def shown(self, step: int, name: str) -> Any:
        """Return it for users: a `Variable`, or what the schedule says now."""
        if self.number is None:
            return as_tensor(self.schedule(step))
        return view(self.number, "learning_rate", f"{name}/learning_rate")

    def get_config(self) -> Any:
        """Return the number, or the schedule's configuration."""
        if self.number is None:
            return schedules.serialize(self.schedule)
        return self.number.item()
