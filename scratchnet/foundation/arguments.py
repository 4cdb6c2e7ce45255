"""Checks of arguments: each returns the value, or says what is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from scratchnet.foundation import settings
from scratchnet.foundation.shapes import Shape, format_shape


def is_integer(value: Any) -> bool:
    """Tell whether a value is an integer; True and 3.0 are not."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def positive_int(who: str, name: str, value: Any) -> int:
    """Return an integer of at least 1.

    Raises:
        ValueError: it is anything else.
    """
    return _integer(who, name, value, least=1)


def count(who: str, name: str, value: Any, default: Any, least: int = 1) -> Any:
    """Return an integer of at least ``least``; None stands for the default.

    Raises:
        ValueError: it is anything else.
    """
    return default if value is None else _integer(who, name, value, least)


def _integer(who: str, name: str, value: Any, least: int) -> int:
    if not is_integer(value) or value < least:
        kind = "a positive integer" if least == 1 else f"an integer of at least {least}"
        raise ValueError(f"{who}: expected {kind} for {name}, received {value!r}")
    return int(value)


def flag(who: str, name: str, value: Any) -> bool:
    """Return True or False; 1 and 0 stand for them.

    Raises:
        ValueError: it is anything else.
    """
    if not isinstance(value, bool | np.bool_ | int) or value not in (0, 1):
        raise ValueError(
            f"{who}: expected {name} to be True or False, received {value!r}"
        )
    return bool(value)


def pair(who: str, name: str, value: Any) -> tuple[int, int]:
    """Return (rows, columns) from one positive integer or two.

    Raises:
        ValueError: it is neither.
    """
    both = value if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2:
        raise ValueError(
            f"{who}: expected one or two integers for {name}, received {value!r}"
        )
    return positive_int(who, name, both[0]), positive_int(who, name, both[1])


def choice(who: str, name: str, value: Any, choices: tuple[str, ...]) -> str:
    """Return one of a few words, in lower case.

    Raises:
        ValueError: it is none of them.
    """
    word = value.lower() if isinstance(value, str) else value
    if word not in choices:
        raise ValueError(
            f"{who}: expected {name} to be one of {', '.join(choices)}, "
            f"received {value!r}"
        )
    return word


def fraction(who: str, name: str, value: Any, *, below_1: bool = False) -> float:
    """Return a number from 0 to 1; 1 itself only where ``below_1`` is False.

    Raises:
        ValueError: it is anything else, NaN included.
    """
    if not 0 <= number(value) <= 1 or (below_1 and value == 1):
        interval = "in [0, 1)" if below_1 else "from 0 to 1"
        raise ValueError(
            f"{who}: expected {name} to be a number {interval}, received {value!r}"
        )
    return float(value)


def positive(who: str, name: str, value: Any) -> float:
    """Return a finite number above 0.

    Raises:
        ValueError: it is anything else, NaN included.
    """
    if not 0 < number(value) < math.inf:
        raise ValueError(
            f"{who}: expected {name} to be a number above 0, received {value!r}"
        )
    return float(value)


def non_negative(who: str, name: str, value: Any) -> float:
    """Return a finite number of at least 0.

    Raises:
        ValueError: it is anything else, NaN included.
    """
    if not 0 <= number(value) < math.inf:
        raise ValueError(
            f"{who}: expected {name} to be a number of at least 0, received {value!r}"
        )
    return float(value)


def real(who: str, name: str, value: Any) -> float:
    """Return a finite number.

    Raises:
        ValueError: it is anything else, NaN included.
    """
    if not math.isfinite(number(value)):
        raise ValueError(f"{who}: expected {name} to be a number, received {value!r}")
    return float(value)


def number(value: Any) -> float:
    """Return a real number as a float; NaN, which no range holds, for anything else."""
    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    return math.nan


def rank(who: str, shape: tuple[int | None, ...], expected: str) -> None:
    """Check the number of dimensions of an input against ``"(N, H, W, C)"``.

    Raises:
        ValueError: it differs, or a dimension other than the batch is open.
    """
    if len(shape) != expected.count(",") + 1 or None in shape[1:]:
        raise ValueError(
            f"{who}: expected input {expected}, received {format_shape(shape)}"
        )


def sample_shape(who: str, shape: Any) -> Shape:
    """Return one sample's shape as a tuple of positive ints."""
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(
                f"{who}: expected a shape of positive integers (one sample, without "
                f"the batch), received {shape!r}"
            )
    return tuple(int(size) for size in sizes)


def check_dtype(who: str, dtype: Any) -> np.dtype:
    """Return float32 or float64; None stands for the first.

    Keras's configurations have a policy in its place, which is named for its dtype.

    Raises:
        ValueError: it is another.
    """
    if isinstance(dtype, Mapping) and dtype.get("class_name") == "DTypePolicy":
        dtype = dtype.get("config", {}).get("name")
    try:
        checked = np.dtype(settings.floatx if dtype is None else dtype)
    except (TypeError, ValueError):
        checked = np.dtype(object)
    if checked not in (np.float32, np.float64):
        raise ValueError(
            f"{who}: expected dtype float32 or float64, received {dtype!r}"
        )
    return checked
