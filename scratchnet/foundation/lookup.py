"""Find losses, optimizers, activations … by the names that users write."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from scratchnet.foundation import registry, signatures
from scratchnet.foundation.missing_names import (
    let_files_answer,
    missing_attribute,
    suggest,
)

__all__ = [
    "describe",
    "deserializer",
    "find",
    "find_any",
    "let_files_answer",
    "missing_attribute",
    "name_of_function",
    "serializer",
    "suggest",
]

Thing = TypeVar("Thing")

# Whose functions count as ours where they have the name of one.
PACKAGES = ("scratchnet", "keras", "tf_keras", "tensorflow", "torch", "jax")
# These have another slope, or another formula, than Keras's.
DIFFERENT = {("torch", "leaky_relu"), ("jax", "leaky_relu"), ("jax", "gelu")}


def find(
    kind: str, identifier: Any, known: Mapping[str, Any], base: type[Thing]
) -> Thing:
    """Return the object that an identifier stands for.

    Args:
        kind: what is looked for, for messages (``"loss"``).
        identifier: a name, an object of type ``base``, a configuration
            ``{"class_name": ..., "config": {...}}``, or another library's function
            that has one of the names, such as ``tf.nn.relu``.
        known: name → object, or name → class to be called without arguments. Names
            are looked up as they are and, for classes, by the class's own name.
        base: the type that the result must have.

    Raises:
        ValueError: there is no such name; the nearest one is suggested.
        TypeError: the identifier is something else altogether.
    """
    if isinstance(identifier, base):
        return identifier
    identifier = name_of_function(identifier, known) or identifier
    if isinstance(identifier, str):
        identifier = {"class_name": identifier}
    if isinstance(identifier, Mapping) and "class_name" in identifier:
        name = identifier["class_name"]
        own = registry.get_registered_object(name)
        if isinstance(own, type) and issubclass(own, base):
            found: Any = own
        else:
            found = known[_resolve(kind, name, known)]
        config = identifier.get("config") or {}
        return found(**config) if isinstance(found, type) else found
    hint = ""
    if isinstance(identifier, type) and issubclass(identifier, base):
        hint = f"; did you mean {identifier.__name__}()?"
    raise TypeError(
        f"{kind}: expected a name or an object of type {base.__name__}, "
        f"received {identifier!r}{hint}"
    )


def find_any(
    kind: str, identifier: Any, known: Mapping[str, Any], base: type[Thing], advice: str
) -> Thing | None:
    """Return what `find` returns, an object of a class, or None for None.

    A function is refused with an advice on what to write in its place.
    """
    if identifier is None:
        return None
    if isinstance(identifier, type) and issubclass(identifier, base):
        return identifier()
    if callable(identifier) and not isinstance(identifier, base):
        raise TypeError(f"{kind}: {identifier!r} {advice}")
    return find(kind, identifier, known, base)


def name_of_function(identifier: Any, known: Mapping[str, Any]) -> str | None:
    """Return by which name we know a function of another library, if we do."""
    if isinstance(identifier, type) or not callable(identifier):
        return None
    name = str(getattr(identifier, "__name__", "")).removesuffix("_v2")  # TensorFlow's
    package = str(getattr(identifier, "__module__", "")).partition(".")[0]
    ours = package in PACKAGES and (package, name) not in DIFFERENT
    return name if ours and name in known else None


def _resolve(kind: str, name: str, known: Mapping[str, Any]) -> str:
    if name in known:
        return name
    for key, found in known.items():
        if isinstance(found, type) and found.__name__ == name:
            return key
    raise ValueError(f"unknown {kind} {name!r}{suggest(name, known, room_of(kind))}")


def room_of(kind: str) -> str:
    """Return Keras's module of a kind: ``"loss"`` is found in ``"losses"``."""
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


def describe(thing: Any) -> dict[str, Any]:
    """Return an object with `get_config` as Keras's configurations write it.

    The module is Keras's where the class is scratchnet's, and the class's own where
    it is the user's; then the class counts as registered under its name. A class that
    is elsewhere in Keras says so in ``keras_module``. What stands for something that
    the user has written is described as that; a function by its name, in settings, too.
    """
    thing = getattr(thing, "written", thing)
    if not hasattr(thing, "get_config"):
        name = registry.get_registered_name(thing)
        name = name if isinstance(name, str) else type(thing).__name__
        function = {"module": "builtins", "class_name": "function"}
        return {**function, "config": name, "registered_name": name}
    cls = type(thing)
    package, *path = cls.__module__.split(".")
    ours = package == "scratchnet"
    module = getattr(thing, "keras_module", ".".join(["keras", *path[:1]]))
    return {
        "module": module if ours else cls.__module__,
        "class_name": (name := getattr(thing, "class_name", cls.__name__)),
        "config": {
            key: describe(value) if inspect.isfunction(value) else value
            for key, value in thing.get_config().items()
        },
        "registered_name": (name if "keras.src." in module else None)
        if ours
        else registry.get_registered_name(cls),
    }


def serializer(module: str, kind: str) -> Callable[..., dict[str, Any]]:
    """Return the function `serialize` of a room of Keras's.

    Args:
        module: the room.
        kind: what is in it (``"loss"``), which is the name of the argument, too.
    """
    return signatures.signed(
        lambda **given: describe(*given.values()),
        "serialize",
        module,
        f"Return {_article(kind)} as configurations hold it, as plain data.",
        [signatures.parameter(kind)],
    )


def deserializer(
    module: str, kind: str, get: Callable[[Any], Thing], argument: str = "config"
) -> Callable[..., Thing]:
    """Return the function `deserialize` of a room of Keras's.

    Args:
        module: the room.
        kind: what is in it.
        get: finds one by its name or by its configuration.
        argument: what Keras calls these.
    """

    def deserialize(custom_objects: Any = None, **given: Any) -> Thing:
        with registry.custom_object_scope(custom_objects):
            return get(*given.values())

    return signatures.signed(
        deserialize,
        "deserialize",
        module,
        f"""Return {_article(kind)}, as `get` does, from its configuration.

    Args:
        {argument}: what `serialize` returned, or Keras's function of that name.
        custom_objects: name → class or function of your own.
    """,
        [signatures.parameter(argument), signatures.parameter("custom_objects", None)],
    )


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind.replace('_', ' ')}"
