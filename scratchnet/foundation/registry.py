"""Classes and functions of the user's own that files and configurations may name.

Nothing is looked up by its module: only what was registered here, in this process, or
is handed to `load_model` as ``custom_objects``, can be named.

Reference: `keras/src/saving/object_registration.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

Thing = TypeVar("Thing", bound=Callable)

_objects: dict[str, Any] = {}


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[Thing], Thing]:
    """Register a class or a function of one's own, as a decorator.

    Args:
        package: a word before the name, so that two libraries may use the same one.
        name: by default that of the class.

    Raises:
        ValueError: a class has no `get_config`.

    >>> @register_keras_serializable(package="Lab")
    ... def nearness(y_true, y_pred): ...
    >>> get_registered_name(nearness)
    'Lab>nearness'
    """

    def register(thing: Thing) -> Thing:
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ValueError(
                f"register_keras_serializable: expected {thing.__name__} to have a "
                "get_config method, found none"
            )
        _objects[f"{package}>{name or thing.__name__}"] = thing
        return thing

    return register


def get_registered_name(obj: Any) -> Any:
    """Return the name under which a class or function is registered, else its own."""
    named = (name for name, thing in _objects.items() if thing is obj)
    return next(named, getattr(obj, "__name__", obj))


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Return what is registered under a name, or None.

    Args:
        name: as `get_registered_name` returns it, or the plain name.
        custom_objects: looked through first.
        module_objects: looked through last.
    """
    for known in (custom_objects, _objects, module_objects):
        if known and name in known:
            return known[name]
    plain = (thing for key, thing in _objects.items() if key.endswith(f">{name}"))
    return next(plain, None)


def get_custom_objects() -> dict[str, Any]:
    """Return the table of registered objects itself: what is put there is known."""
    return _objects


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Let names stand for objects inside a ``with`` block.

    >>> class Mine: ...
    >>> with custom_object_scope({"Mine": Mine}):
    ...     get_registered_object("Mine")
    <class 'scratchnet.foundation.registry.Mine'>
    >>> get_registered_object("Mine")
    """
    objects = custom_objects or {}
    before = {name: _objects[name] for name in objects if name in _objects}
    _objects.update(objects)
    try:
        yield
    finally:
        for name in objects:
            _objects.pop(name, None)
        _objects.update(before)
