"""Refuse what Keras has and scratchnet has not, by name, instead of ignoring it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def refuse(who: str, **arguments: tuple[Any, Any]) -> None:
    """Accept arguments outside the subset at Keras's default only.

    Args:
        who: the class or function whose arguments these are, for the message.
        **arguments: name → (received value, Keras's default value).

    Raises:
        NotImplementedError: an argument differs from its default.

    >>> refuse("Adam", amsgrad=(False, False))
    >>> refuse("Adam", amsgrad=(True, False))
    Traceback (most recent call last):
    NotImplementedError: Adam: amsgrad=True is outside scratchnet's subset of Keras; \
only amsgrad=False is supported
    """
    for name, (received, default) in arguments.items():
        if received is default:
            continue
        if default is not None and isinstance(received, type(default)):
            if received == default:
                continue
        raise NotImplementedError(
            f"{who}: {name}={received!r} is outside scratchnet's subset of Keras; "
            f"only {name}={default!r} is supported"
        )


def missing(thing: object, name: str, outside: Collection[str]) -> Any:
    """Do the work of an object's ``__getattr__``: say why there is no such attribute.

    Args:
        thing: the object.
        name: the attribute that was not found.
        outside: Keras's names that objects of this class have not.

    Raises:
        AttributeError: always; Python's own, or that of a property, where the name is
            none of these.

    >>> missing(object(), "quantize", ["quantize"])
    Traceback (most recent call last):
    AttributeError: object: 'quantize' is outside scratchnet's subset of Keras
    """
    if name in outside:
        raise AttributeError(
            f"{type(thing).__name__}: '{name}' is outside scratchnet's subset of Keras"
        )
    return object.__getattribute__(thing, name)  # which raises as it did before
