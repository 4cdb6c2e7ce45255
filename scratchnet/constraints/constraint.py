"""The contract that every constraint keeps."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.attributes import OnlyWhatThereIs


class Constraint(OnlyWhatThereIs):
    """What a weight is made to be after every step of the optimizer.

    A subclass writes ``__call__(w)``, which returns the new values, and `get_config` if
    its constructor has arguments.

    Reference: `keras/src/constraints/constraints.py`.

    >>> class Clip(Constraint):
    ...     def __call__(self, w):
    ...         return np.clip(w, -1, 1)
    >>> Clip()(np.array([-3.0, 0.5]))
    array([-1. ,  0.5])
    """

    def __call__(self, w: Any) -> Any:
        """Return the values that are allowed."""
        return w

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """Make a constraint from what `get_config` returned."""
        return cls(**config)


def norms(w: np.ndarray, axis: Any) -> np.ndarray:
    """Return the root of the sum of squares along axes, which stay as 1."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    return np.sqrt(np.square(w).sum(axis, keepdims=True))
