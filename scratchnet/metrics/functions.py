"""Metrics as functions: ``categorical_accuracy(y_true, y_pred)`` gives all values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.foundation import signatures
from scratchnet.foundation.tensor import Tensor
from scratchnet.metrics.metric import Metric, tensor


def as_function(name: str, cls: type[Metric], module: str) -> Callable[..., Tensor]:
    """Return a class of metrics as the function of y_true, y_pred and its settings.

    Args:
        name: of the function.
        cls: the class.
        module: where users find the function.
    """

    def function(y_true: Any, y_pred: Any, **settings: Any) -> Tensor:
        return tensor(cls(**settings).values(np.asarray(y_true), np.asarray(y_pred)))

    doc = f"Return the values that `{cls.__name__}` averages."
    return signatures.signed(function, name, module, doc, signatures.comparing(cls))
