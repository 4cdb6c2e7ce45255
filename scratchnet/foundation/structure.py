"""Things that are given alone, in lists, or in dictionaries by names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def is_one(given: Any) -> bool:
    """Tell whether something is for one output: neither a list nor by names.

    >>> is_one("mse"), is_one(["mse"]), is_one({"class_name": "MeanSquaredError"})
    (True, False, True)
    """
    return not isinstance(given, list | tuple | dict) or (
        isinstance(given, dict) and "class_name" in given
    )


def leaves(given: Any) -> list[Any]:
    """Return all that is in lists and dictionaries, however deep, but None."""
    if is_one(given):
        return [] if given is None else [given]
    parts = given.values() if isinstance(given, dict) else given
    return [leaf for part in parts for leaf in leaves(part)]


def each(function: Callable[[Any], Any], given: Any) -> Any:
    """Return lists and dictionaries with a function's values in their places."""
    if is_one(given):
        return None if given is None else function(given)
    if isinstance(given, dict):
        return {name: each(function, part) for name, part in given.items()}
    return [each(function, part) for part in given]
