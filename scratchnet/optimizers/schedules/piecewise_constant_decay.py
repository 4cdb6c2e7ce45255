"""One learning rate after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scratchnet.foundation.tensor import Tensor, as_tensor
from scratchnet.optimizers.schedules.learning_rate_schedule import (
    LearningRateSchedule,
    single,
)


class PiecewiseConstantDecay(LearningRateSchedule):
    """Keep a learning rate up to a step, then take the next.

    Args:
        boundaries: the last step of each value but the last, ascending.
        values: the learning rates, one more than boundaries.
        name: of the schedule.

    Raises:
        ValueError: their numbers don't fit.

    Reference: `keras/src/optimizers/schedules/learning_rate_schedule.py`.

    >>> rate = PiecewiseConstantDecay([100, 200], [1.0, 0.5, 0.25])
    >>> [float(rate(step)) for step in (0, 100, 101, 200, 201)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                f"{type(self).__name__}: expected one value more than boundaries, "
                f"received {len(values)} values and {len(boundaries)} boundaries"
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Tensor:
        """Return the learning rate for a step."""
        # Keras casts the boundaries to the step's type, an integer.
        passed = sum(int(step) > int(boundary) for boundary in self.boundaries)
        return as_tensor(single(self.values[passed]))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "boundaries": self.boundaries,
            "values": self.values,
            "name": self.name,
        }
