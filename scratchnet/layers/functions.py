"""Layers that join branches, as functions: ``add([x1, x2])`` is ``Add()([x1, x2])``."""

from __future__ import annotations

from typing import Any

from scratchnet.layers.add import Add
from scratchnet.layers.average import Average
from scratchnet.layers.concatenate import Concatenate
from scratchnet.layers.maximum import Maximum
from scratchnet.layers.minimum import Minimum
from scratchnet.layers.multiply import Multiply
from scratchnet.layers.subtract import Subtract


def add(inputs: Any, **kwargs: Any) -> Any:
    """Return the sum of the inputs; see `Add`."""
    return Add(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """Return the mean of the inputs; see `Average`."""
    return Average(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Return the inputs side by side; see `Concatenate`."""
    return Concatenate(axis, **kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """Return the largest of the inputs; see `Maximum`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """Return the smallest of the inputs; see `Minimum`."""
    return Minimum(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """Return the product of the inputs; see `Multiply`."""
    return Multiply(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """Return the first input less the second; see `Subtract`."""
    return Subtract(**kwargs)(inputs)
