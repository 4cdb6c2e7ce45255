"""Objects as Keras's configurations write them: plain data, and a closed list of names.

    {"module": "keras.layers", "class_name": "Dense", "config": {"units": 10, …},
     "registered_name": None}

A name is looked up in the tables of this package and nowhere else. Nothing that a
configuration says is imported, called by name or evaluated, whoever wrote it. Classes
and functions of the user's own can be named where they are registered
(`foundation/registry.py`).

Reference: `keras/src/saving/serialization_lib.py`.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from scratchnet import (
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from scratchnet.foundation import lookup, registry
from scratchnet.ops import configuration as operations
from scratchnet.ops.operation import HOLE

# What an object may have: the last two are those of a layer in a graph.
ENTRIES = (
    "module",
    "class_name",
    "config",
    "registered_name",
    "build_config",
    "compile_config",
    "shared_object_id",
    "name",
    "inbound_nodes",
)

# The closed list of models that a configuration or a file may name; `models` fills it.
MODELS: dict[str, Any] = {}
FUNCTIONAL = "keras.src.models.functional"

# A layer's name, and the number of the call; and of the output.
Call = tuple[str, int]
Output = tuple[str, int, int]


class Tensor(NamedTuple):
    """A tensor among the arguments of a call."""

    output: Output


class Arguments(NamedTuple):
    """What a call of a layer is given: tensors, and whether it is in training.

    ``given`` says how: alone (None), as several arguments, as a list, or by keys.
    """

    inputs: tuple[Output, ...]
    training: bool | None = None
    given: Any = None


KERAS_TENSOR = "__keras_tensor__"

# Keras's module → the names of the classes that may be named in it.
KNOWN: dict[str, tuple[str, ...]] = {
    "keras": ("Sequential", "DTypePolicy"),
    FUNCTIONAL: ("Functional",),
    "keras.layers": tuple(layers.ALL),
    **dict.fromkeys(operations.MODULES, operations.NAMES),
    **{
        f"keras.{module.__name__.rpartition('.')[2]}": tuple(
            dict.fromkeys(found.__name__ for found in module.ALL.values())
        )
        for module in (
            constraints,
            initializers,
            losses,
            metrics,
            optimizers,
            regularizers,
        )
    },
    "keras.optimizers.schedules": tuple(optimizers.schedules.ALL),
}


def record(model: Any) -> dict[str, Any]:
    """Return all that a file's ``config.json`` says of a model."""
    found = lookup.describe(model)
    if model.is_traced:
        found["build_config"] = model.get_build_config()
    return {**found, "compile_config": model.get_compile_config()}


def things_of_the_user(things: Iterable[Any]) -> dict[str, Any]:
    """Return name → class or function that a configuration of these things names.

    Raises:
        ValueError: two functions have one name.
    """
    found: dict[str, Any] = {}
    for thing in things:
        thing = getattr(thing, "written", thing)
        function: Any = thing if inspect.isfunction(thing) else None
        if isinstance(thing, layers.Lambda):
            found["Lambda"], function = layers.Lambda, thing.function
        elif function is None and not type(thing).__module__.startswith("scratchnet."):
            found[registry.get_registered_name(type(thing))] = type(thing)
        if function is not None:
            name = registry.get_registered_name(function)
            if found.setdefault(name, function) is not function:
                raise ValueError(
                    f"{name!r} is the name of two functions; "
                    "define them with def, by two names"
                )
    return found


def model_parts(found: Any) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return a model's entry and, if it was compiled, `compile`'s arguments.

    Args:
        found: what `record` made, or Keras.

    Returns:
        The entry, made `plain`, and the arguments as they were found: only a model that
        is to be compiled needs to know them.

    Raises:
        ValueError: it is not a model, names a class that is outside the subset, or has
            an entry of the wrong kind.
    """
    if not isinstance(found, Mapping) or "class_name" not in found:
        raise ValueError("expected the configuration of a model")
    compiled = found.get("compile_config") or None
    entry = plain(found, "model")
    if model_class(entry) is None:
        raise ValueError(
            f"expected one of the models {', '.join(MODELS)}, found "
            f"{_cut(found['class_name'])}"
        )
    if compiled is not None and not isinstance(compiled, dict):
        raise ValueError(f"expected a dict as compile_config, found {_cut(compiled)}")
    return entry, compiled


def model_class(entry: Any) -> Any:
    """Return the class of a model's `plain` entry; None where it is no model's."""
    name = entry.get("class_name") if isinstance(entry, dict) else None
    if not isinstance(name, str):
        return None
    own = registry.get_registered_object(name)
    own = own if isinstance(own, type) and hasattr(own, "fit") else None
    return MODELS.get(name, own)


def make_model(entry: dict[str, Any]) -> Any:
    """Return a model that allocates nothing yet, but for a class with a `call`."""
    cls, config = model_class(entry), entry["config"]
    if hasattr(cls, "call") or "layers" not in config:
        return cls.from_config(config)
    return cls._unbuilt(config)


def require_entries(config: dict[str, Any], known: Collection[str]) -> None:
    """See that a model's configuration has layers, and no entry that is unknown.

    Raises:
        ValueError: it is otherwise.
    """
    if set(config) - set(known) or not isinstance(config.get("layers"), list):
        raise ValueError(
            "model: expected the entries 'name' and 'layers', and none but "
            f"{', '.join(sorted(known))}; found {_cut(sorted(config))}"
        )


def make_layer(entry: Any, where: str) -> layers.Layer:
    """Return a layer, not built, from its entry made `plain`.

    Raises:
        ValueError: the entry is not a layer of scratchnet's.
        TypeError, NotImplementedError: a layer can't have such settings.
    """
    name = entry.get("class_name") if isinstance(entry, dict) else None
    if isinstance(entry, dict) and "arguments" in entry:
        return operations.make(str(name), entry["config"], entry["arguments"])
    own = registry.get_registered_object(name) if isinstance(name, str) else None
    if isinstance(own, type) and issubclass(own, layers.Layer):
        return own.from_config(entry["config"])
    if name not in layers.ALL:
        raise ValueError(
            f"{where}: expected one of the layers {', '.join(layers.ALL)}; "
            f"received {_cut(name or entry)}"
        )
    return layers.ALL[name].from_config(entry["config"])


def parse_json(content: str | bytes) -> Any:
    """Read JSON without what Python's reader adds or lets pass.

    Raises:
        ValueError: it is not JSON, a key occurs twice, a number is NaN or Infinity, or
            lists and objects are nested too deep.
    """
    try:
        return json.loads(
            content, object_pairs_hook=_unique_keys, parse_constant=_no_constant
        )
    except RecursionError as error:
        raise ValueError("lists and objects are nested too deep") from error


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def plain(node: Any, where: str) -> Any:
    """Check every object in a configuration, and leave its name and settings alone.

    Args:
        node: a configuration, or a part of one.
        where: what to call it in messages.

    Returns:
        A copy in which objects are ``{"class_name", "config"}``, as all ``get``
        functions understand them, and dtype policies are the names of dtypes.

    Raises:
        ValueError: a class is not among those in `KNOWN`, or an object is not
            written as Keras writes it.

    >>> plain({"class_name": "LSTM", "module": "keras.layers"}, "layers[0]")
    Traceback (most recent call last):
    ValueError: layers[0]: 'LSTM' of module 'keras.layers' is outside scratchnet's \
subset of Keras
    """
    if isinstance(node, list | tuple):
        return [plain(part, f"{where}[{i}]") for i, part in enumerate(node)]
    if not isinstance(node, Mapping):
        return node
    if "class_name" not in node:
        if "registered_name" in node or "module" in node:
            raise ValueError(f"{where}: expected a class_name, found {_cut(node)}")
        return {key: plain(part, f"{where}.{key}") for key, part in node.items()}
    if node["class_name"] == KERAS_TENSOR:
        config = node.get("config")
        made_by = config.get("keras_history") if isinstance(config, Mapping) else None
        return Tensor(output(made_by, where))
    if node["class_name"] == "function" and node.get("module") == "builtins":
        return _function(node.get("config"), where)
    if node["class_name"] in CONSTANTS and isinstance(node.get("config"), Mapping):
        return CONSTANTS[node["class_name"]](node["config"])
    _check_object(node, where)
    name, config = node["class_name"], plain(node["config"], where)
    if name == "DTypePolicy":
        return config.get("name")
    registered = node.get("registered_name")
    if isinstance(registered, str) and registry.get_registered_object(registered):
        name = registered
    entry = {"class_name": name, "config": config}
    if "build_config" in node and _is_the_users(node):
        entry["build_config"] = node["build_config"]
    if "inbound_nodes" in node:
        if "name" in node:  # which a get_config of the user's own may leave out
            entry["name"] = node["name"]
        entry["inbound_nodes"] = plain(node["inbound_nodes"], f"{where}.inbound_nodes")
        if node.get("module") in operations.MODULES:
            entry["arguments"] = _with_holes(entry["inbound_nodes"], where)
    return entry


def _function(name: Any, where: str) -> Any:
    """Return the name of a function of Keras's: a loss or a metric; or the user's."""
    own = registry.get_registered_object(name) if isinstance(name, str) else None
    if callable(own):
        return own
    known = {**losses.CLASSES, **metrics.FUNCTIONS}
    if not isinstance(name, str) or name not in known:
        raise ValueError(
            f"{where}: the function {_cut(name)} is none of scratchnet's; load the "
            "model with compile=False, and compile it with the function"
        )
    return name


# How a configuration writes what is constant in a call.
CONSTANTS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "__numpy__": lambda config: np.array(config.get("value"), config.get("dtype")),
    "__slice__": lambda config: slice(
        *(config.get(key) for key in ("start", "stop", "step"))
    ),
    "__ellipsis__": lambda config: ...,
}


def _with_holes(nodes: Any, where: str) -> list[Any]:
    """Return the arguments of an operation's one call, with holes for tensors."""

    def hollow(one: Any) -> Any:
        if isinstance(one, Tensor):
            return HOLE
        return [hollow(part) for part in one] if isinstance(one, list) else one

    try:
        (node,) = nodes
        return hollow(node["args"])
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{where}: expected one call, found {_cut(nodes)}") from error


def calls(entries: list[Any]) -> dict[Call, Arguments]:
    """Return each call of a layer in a graph's `plain` entries, with what it is given.

    Raises:
        ValueError: an entry says it in another way than Keras.
    """
    found: dict[Call, Arguments] = {}
    for i, entry in enumerate(entries):
        where = f"model.layers[{i}].inbound_nodes"
        try:
            name = entry["name"] if "name" in entry else entry["config"]["name"]
            nodes = entry["inbound_nodes"]
            for number, node in enumerate(nodes):
                named = dict(node["kwargs"])
                training = named.pop("training", None)
                if any(value is not None for value in named.values()):
                    raise ValueError(f"arguments {node['kwargs']!r:.80}")
                arguments = node["args"]
                found[name, number] = Arguments(
                    _outputs_in(arguments), training, _structure(arguments)
                )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(
                f"{where}: expected calls as Keras writes them, found "
                f"{_cut(entry)} ({type(error).__name__}: {error})"
            ) from error
        if not nodes:  # an input
            found[name, 0] = Arguments(())
    return found


def _structure(arguments: list[Any]) -> Any:
    """Return how a call is given its tensors."""
    if len(arguments) > 1:
        return "arguments"
    (one,) = arguments
    if isinstance(one, dict):
        return tuple(sorted(one))
    return "list" if isinstance(one, list) else None


def _outputs_in(arguments: Any) -> tuple[Output, ...]:
    """Return the tensors in a call's arguments, in their order."""
    if isinstance(arguments, Tensor):
        return (arguments.output,)
    if isinstance(arguments, dict):
        arguments = [arguments[key] for key in sorted(arguments)]
    if not isinstance(arguments, list | tuple):
        return ()
    return tuple(one for part in arguments for one in _outputs_in(part))


def tensors(config: dict[str, Any], key: str) -> tuple[Any, list[Output]]:
    """Return how a model's inputs or outputs are given, and which they are.

    Raises:
        ValueError: they are not written as Keras writes them.
    """
    given, where = config.get(key), f"model.{key}"
    if isinstance(given, dict):
        keys = given if key == "output_layers" else sorted(given)
        return tuple(keys), [output(given[k], where) for k in sorted(given)]
    if isinstance(given, list | tuple) and given and not isinstance(given[0], str):
        return "list", [output(one, where) for one in given]
    return None, [output(given, where)]


def output(history: Any, where: str) -> Output:
    """Return (layer's name, number of the call, of the output) from Keras's list.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(history, list | tuple) and len(history) == 1:
        (history,) = history  # as Keras writes the one output of an older version
    match history:
        case [str() as name, int() as number, int() as which]:
            return name, number, which
    raise ValueError(f"{where}: expected [layer, call, output], found {_cut(history)}")


def _check_object(node: Mapping[str, Any], where: str) -> None:
    name, module, registered = (
        node.get(key) for key in ("class_name", "module", "registered_name")
    )
    if _is_the_users(node):
        return
    if module is None:  # the short form, which scratchnet wrote before it wrote files
        names: Collection[str] = [name for group in KNOWN.values() for name in group]
    else:
        names = KNOWN.get(module, ()) if isinstance(module, str) else ()
    if not isinstance(name, str) or name not in names:
        raise ValueError(f"{where}: {_outside(name, module)}")
    if registered not in (None, name):
        raise ValueError(
            f"{where}: {_cut(name)} is registered as {_cut(registered)}, which is not "
            "known here; register the class, or pass custom_objects"
        )
    if not isinstance(node.get("config"), Mapping):
        raise ValueError(
            f"{where}: expected a dict as the config of {name}, "
            f"found {_cut(node.get('config'))}"
        )
    unknown = [key for key in node if key not in ENTRIES]
    if unknown:
        raise ValueError(f"{where}: {name} has an unknown entry {_cut(unknown[0])}")


def _is_the_users(node: Mapping[str, Any]) -> bool:
    """Tell whether an object is one of a class that the user has registered."""
    names = (node.get("registered_name"), node.get("class_name"))
    known = (name for name in names if isinstance(name, str))
    return any(registry.get_registered_object(name) is not None for name in known)


def _outside(name: Any, module: Any) -> str:
    """Say why a class can't be named, and which can."""
    what = f"{_cut(name)} of module {_cut(module)} is"
    if module is not None and str(module).partition(".")[0] != "keras":
        return (
            f"{what} not a class of scratchnet's own; register yours with "
            "saving.register_keras_serializable, or pass custom_objects"
        )
    if name == "Lambda":
        return (
            f"{what} not made from what a file says, because it may do anything; pass "
            "custom_objects={'Lambda': layers.Lambda, 'its name': the function}, or "
            "build the model in code and load_weights"
        )
    if module is None or module in KNOWN:
        there_are = KNOWN.get(str(module), KNOWN["keras.layers"])
        advice = lookup.suggest(str(name), dict.fromkeys(there_are))
    else:
        advice = f"; of Keras's modules it has {', '.join(KNOWN)}"
    return f"{what} outside scratchnet's subset of Keras{advice}"


def _cut(thing: Any) -> str:
    """Return what a file says, short enough for a message."""
    text = repr(thing)
    return text if len(text) <= 80 else f"{text[:80]}…"
