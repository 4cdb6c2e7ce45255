"""The sum of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.tensor import Tensor
from scratchnet.metrics.metric import Metric, tensor


class Sum(Metric):
    """The sum of the numbers given to `update_state`, times their weights."""

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)

    def update_state(  # type: ignore[override]  # Keras's Sum takes values alone
        self, values: Any, sample_weight: Any = None
    ) -> None:
        """Add numbers, each once or times its weight."""
        values, _ = self._samplewise(values, sample_weight, np.sum)
        self._total += float(np.sum(values, dtype=np.float64))

    def result(self) -> Tensor:
        """Return the sum so far."""
        return tensor(self._total)
