"""Checks of hyperparameters that several layers share."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from scratchnet.foundation.shapes import format_shape
from scratchnet.foundation.subset import refuse


def positive_int(who: str, name: str, value: Any) -> int:
    """Return a whole number of at least 1.

    Raises:
        ValueError: it is anything else, True and 3.0 included.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 1:
        raise ValueError(
            f"{who}: expected a positive whole number for {name}, received {value!r}"
        )
    return int(value)


def pair(who: str, name: str, value: Any) -> tuple[int, int]:
    """Return (rows, columns) from one whole number or two.

    Raises:
        ValueError: it is neither.
    """
    both = value if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2:
        raise ValueError(
            f"{who}: expected one or two whole numbers for {name}, received {value!r}"
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


def channels_last(who: str, data_format: Any) -> None:
    """Refuse every order of dimensions but Keras's default; None stands for it.

    Raises:
        NotImplementedError: it is another one.
    """
    refuse(who, data_format=(data_format or "channels_last", "channels_last"))


def fraction(who: str, name: str, value: Any) -> float:
    """Return a number from 0 to 1, both included.

    Raises:
        ValueError: it is anything else, NaN included.
    """
    if not 0 <= number(value) <= 1:
        raise ValueError(
            f"{who}: expected {name} to be a number from 0 to 1, received {value!r}"
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


def count(who: str, name: str, value: Any, default: Any, least: int = 1) -> Any:
    """Return an integer of at least ``least``; None stands for the default.

    Raises:
        ValueError: it is anything else.
    """
    if value is None:
        return default
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(
            f"{who}: expected an integer of at least {least} for {name}, "
            f"received {value!r}"
        )
    return int(value)


def flag(who: str, name: str, value: Any) -> bool:
    """Return True or False, also for 1 and 0.

    Raises:
        ValueError: it is anything else.
    """
    if not isinstance(value, bool | np.bool_ | int) or value not in (0, 1):
        raise ValueError(
            f"{who}: expected {name} to be True or False, received {value!r}"
        )
    return bool(value)
