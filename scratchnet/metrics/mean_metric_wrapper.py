"""Any function of targets and predictions as a metric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.foundation.tensor import as_tensor
from scratchnet.metrics.metric import Metric


class MeanMetricWrapper(Metric):
    """The mean of what a function returns.

    Args:
        fn: called with y_true and y_pred, arrays that have ``.numpy()``; returns a
            value for each sample, or one for the batch, which then counts as one.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
        **kwargs: passed on to fn.

    >>> def distance(y_true, y_pred):
    ...     return abs(y_true - y_pred)
    >>> metric = MeanMetricWrapper(distance)
    >>> metric([1.0, 2.0], [3.0, 2.0]).numpy()
    np.float32(1.0)
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype, name)
        if not callable(fn):
            raise TypeError(
                f"{type(self).__name__}: expected a function as fn, received {fn!r}"
            )
        self._fn, self._fn_kwargs = fn, kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add what the function returns for a batch."""
        values = self._fn(as_tensor(y_true), as_tensor(y_pred), **self._fn_kwargs)
        self._add(np.asarray(values), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "fn": self._fn, **self._fn_kwargs}
