"""The mean of numbers."""

from __future__ import annotations

from typing import Any

from scratchnet.metrics.metric import Metric


class Mean(Metric):
    """The mean of the numbers given to `update_state`.

    What has several dimensions is averaged over all but the first one before.

    >>> mean = Mean()
    >>> mean.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    >>> mean.result().numpy()
    np.float32(2.0)
    """

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)

    def update_state(  # type: ignore[override]  # Keras's Mean takes values alone
        self, values: Any, sample_weight: Any = None
    ) -> None:
        """Add numbers, each counted once or by its weight."""
        self._add(values, sample_weight)

    def add_total(self, total: float, count: int) -> None:
        """Add the sum of so many numbers."""
        self._total += total
        self._count += count
