"""Losses as functions: ``mean_squared_error(y_true, y_pred)`` gives all values.

Reference: `keras/src/losses/losses.py`, where the classes call the functions; here the
functions call the classes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from scratchnet.foundation.tensor import Tensor
from scratchnet.losses.loss import Loss

OF_THE_CLASS = {"self", "reduction", "name", "dtype"}


def as_function(name: str, cls: type[Loss], module: str) -> Callable[..., Tensor]:
    """Return a class of losses as the function of y_true, y_pred and its settings.

    Args:
        name: of the function.
        cls: the class.
        module: where users find the function.
    """
    settings = [
        one
        for one in inspect.signature(cls.__init__).parameters.values()
        if one.name not in OF_THE_CLASS and one.kind is not one.KEYWORD_ONLY
    ]

    def function(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Tensor:
        given = signature.bind(y_true, y_pred, *args, **kwargs).arguments
        given = {key: given[key] for key in given if key not in ("y_true", "y_pred")}
        loss = cls(reduction=None, **given)
        for one in (y_pred, y_true):
            if hasattr(one, "compared"):  # a tensor of a graph
                return one.compared(loss, y_true, y_pred)
        return loss(y_true, y_pred)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    both = [inspect.Parameter(one, kind) for one in ("y_true", "y_pred")]
    signature = inspect.Signature([*both, *settings], return_annotation=Tensor)
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__name__ = function.__qualname__ = name
    function.__module__ = module
    function.__doc__ = (
        f"Return `{cls.__name__}` of each row, without making one number of them."
    )
    return function
