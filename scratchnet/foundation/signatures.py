"""Functions that are made, with a name and a signature as if they were written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from inspect import Parameter
from typing import Any

# What a loss or a metric as a function has no use for.
OF_THE_CLASS = {"self", "reduction", "name", "dtype"}


def signed(
    function: Callable[..., Any],
    name: str,
    module: str,
    doc: str,
    parameters: Iterable[Parameter],
) -> Callable[..., Any]:
    """Return a function that calls another one with all arguments by their names.

    It has the name, the module, the docstring and the parameters that are given.
    """
    signature = inspect.Signature(list(parameters))

    def called(*args: Any, **kwargs: Any) -> Any:
        return function(**signature.bind(*args, **kwargs).arguments)

    called.__signature__ = signature  # type: ignore[attr-defined]
    called.__name__ = called.__qualname__ = name
    called.__module__, called.__doc__ = module, doc
    return called


def parameter(name: str, default: Any = Parameter.empty) -> Parameter:
    """Return an argument that may be given by its place or by its name."""
    return Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default)


def comparing(cls: type) -> list[Parameter]:
    """Return y_true and y_pred, and what the class of a loss or a metric is set by."""
    settings = [
        one
        for one in inspect.signature(cls).parameters.values()
        if one.name not in OF_THE_CLASS and one.kind is not one.KEYWORD_ONLY
    ]
    return [parameter("y_true"), parameter("y_pred"), *settings]
