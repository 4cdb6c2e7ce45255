"""Names for layers and models, numbered as Keras numbers them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_taken: Counter[str] = Counter()


def snake_case(name: str) -> str:
    """Turn a class's name into Keras's form of it.

    >>> [snake_case(name) for name in ("MaxPooling2D", "ReLU", "BatchNormalization")]
    ['max_pooling2d', 're_lu', 'batch_normalization']
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def unique(class_name: str) -> str:
    """Return the next free default name of a class: dense, dense_1, and so on."""
    base = snake_case(class_name)
    number = _taken[base]
    _taken[base] += 1
    return base if number == 0 else f"{base}_{number}"


def number(name: str) -> int:
    """Count a name once more, and return how often it has been counted.

    >>> number("a name"), number("a name")
    (1, 2)
    """
    _taken[name] += 1
    return _taken[name]


@contextmanager
def preserved() -> Iterator[None]:
    """Let the block take names without counting them."""
    before = _taken.copy()
    try:
        yield
    finally:
        _taken.clear()
        _taken.update(before)


def reset() -> None:
    """Count from the start again, as a new process does."""
    _taken.clear()


def check(name: Any, who: str = "") -> str:
    """Return a name given by the user.

    Args:
        name: what was given.
        who: whose name it is, for the message.

    Raises:
        ValueError: it is no string, or holds a slash (it would become a path).
    """
    if not isinstance(name, str) or "/" in name:
        rule = f"{who}: expected name to be" if who else "name: expected"
        raise ValueError(f"{rule} a string without '/', received {name!r}")
    return name
