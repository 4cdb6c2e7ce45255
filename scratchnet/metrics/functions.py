"""Metrics as functions: ``categorical_accuracy(y_true, y_pred)`` gives all values."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.foundation.tensor import Tensor
from scratchnet.metrics.metric import Metric, tensor

OF_THE_CLASS = {"self", "name", "dtype"}


def as_function(name: str, cls: type[Metric], module: str) -> Callable[..., Tensor]:
    """Return a class of metrics as the function of y_true, y_pred and its settings.

    Args:
        name: of the function.
        cls: the class.
        module: where users find the function.
    """
    settings = [
        one
        for one in inspect.signature(cls.__init__).parameters.values()
        if one.name not in OF_THE_CLASS
    ]

    def function(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Tensor:
        given = signature.bind(y_true, y_pred, *args, **kwargs).arguments
        given = {key: given[key] for key in given if key not in ("y_true", "y_pred")}
        return tensor(cls(**given).values(np.asarray(y_true), np.asarray(y_pred)))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    both = [inspect.Parameter(one, kind) for one in ("y_true", "y_pred")]
    signature = inspect.Signature([*both, *settings], return_annotation=Tensor)
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__name__ = function.__qualname__ = name
    function.__module__ = module
    function.__doc__ = f"Return the values that `{cls.__name__}` averages."
    return function
