"""Losses as functions: ``mean_squared_error(y_true, y_pred)`` gives all values.

Reference: `keras/src/losses/losses.py`, where the classes call the functions; here the
functions call the classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchnet.foundation import signatures
from scratchnet.foundation.tensor import Tensor
from scratchnet.losses.loss import Loss


def as_function(name: str, cls: type[Loss], module: str) -> Callable[..., Tensor]:
    """Return a class of losses as the function of y_true, y_pred and its settings.

    Args:
        name: of the function.
        cls: the class.
        module: where users find the function.
    """

    def function(y_true: Any, y_pred: Any, **settings: Any) -> Tensor:
        loss = cls(reduction=None, **settings)
        for one in (y_pred, y_true):
            if hasattr(one, "compared"):  # a tensor of a graph
                return one.compared(loss, y_true, y_pred)
        return loss(y_true, y_pred)

    doc = f"Return `{cls.__name__}` of each row, without making one number of them."
    return signatures.signed(function, name, module, doc, signatures.comparing(cls))
