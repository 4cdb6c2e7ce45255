"""The mean of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.metrics.metric import Metric


class Mean(Metric):
    """The mean of the numbers given to `update_state`."""

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)

    def update_state(  # type: ignore[override]  # Keras's Mean takes values alone
        self, values: Any, sample_weight: Any = None
    ) -> None:
        """Add numbers, each counted once or by its weight."""
        self.add(np.asarray(values, np.float64), sample_weight)

    def __call__(  # type: ignore[override]
        self, values: Any, sample_weight: Any = None
    ) -> float:
        """Add numbers and return the mean so far."""
        self.update_state(values, sample_weight)
        return self.result()
