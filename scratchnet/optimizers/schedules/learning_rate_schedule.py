"""The contract that every schedule keeps."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.attributes import OnlyWhatThereIs

# What the formulas are computed in, as Keras computes them, whatever the model's dtype.
single = np.float32


class LearningRateSchedule(OnlyWhatThereIs):
    """A learning rate that depends on how many steps were taken.

    A subclass writes ``__call__``, and `get_config` if it is to be saved. The step is
    an integer that counts batches from 0.

    Reference: `keras/src/optimizers/schedules/learning_rate_schedule.py`.

    >>> class Halves(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 * 0.5 ** (step // 1000)
    >>> Halves()(2500)
    0.025
    """

    keras_module = "keras.optimizers.schedules"

    def __call__(self, step: Any) -> Any:
        """Return the learning rate for a step."""
        raise NotImplementedError(
            f"{type(self).__name__}: expected __call__(self, step) to be written"
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        raise NotImplementedError(
            f"{type(self).__name__}: expected get_config(self) to be written; without "
            "it, the schedule can't be saved"
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """Make a schedule from what `get_config` returned."""
        return cls(**config)


def positive_steps(schedule: LearningRateSchedule, name: str, value: Any) -> Any:
    """Return a number of steps.

    Raises:
        ValueError: it is not above 0.
    """
    arguments.positive(type(schedule).__name__, name, value)
    return value
