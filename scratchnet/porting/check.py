"""Whether scratchnet has the arguments and methods that a call asks for.

It is asked itself: signatures say which arguments there are, `foundation.outside` which
of them are Keras's alone, and what is built of literals is built, to see what it says.
"""

from __future__ import annotations

import ast
import inspect
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from scratchnet.foundation import outside

# What a call may be asked to make: to make it has no effect outside itself.
HARMLESS = (
    "activations",
    "callbacks",
    "constraints",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "regularizers",
)

UNKNOWN = object()


def constants(trees: Iterable[ast.Module]) -> dict[str, Any]:
    """Return the names that are assigned once in all, and a literal at that."""
    stored: Counter[str] = Counter()
    values: dict[str, Any] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                stored[node.id] += 1
            elif isinstance(node, ast.arg):
                stored[node.arg] += 1
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                value = _literal(node.value, {})
                if value is not UNKNOWN:
                    values[node.targets[0].id] = value
    return {name: value for name, value in values.items() if stored[name] == 1}


def accepts(thing: Any, argument: str) -> bool:
    """Whether a class or function has an argument of this name."""
    return argument in _parameters(thing)[0]


def faults_of_call(call: ast.Call, thing: Any, known: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the arguments of a call of ours."""
    if isinstance(thing, type) and _harmless(thing):
        error = _try_to_make(call, thing, known)
        if error is not None:
            yield error
            return
    yield from _faults_of_arguments(call, thing, known, _who(thing))


def faults_of_method(
    call: ast.Call, method: Any, known: dict[str, Any]
) -> Iterator[str]:
    """Yield what is wrong with the arguments of a call of a model's method."""
    yield from _faults_of_arguments(call, method, known, method.__name__)


def fault_of_method(cls: type, name: str) -> str:
    """Return why a class has no method of this name; "" where an object may have it."""
    for one in cls.__mro__:
        if name in outside.ATTRIBUTES.get(one.__name__, ()):
            return f"{cls.__name__}.{name} is outside scratchnet's subset of Keras"
    return ""


def faults_of_class(node: ast.ClassDef, base: type) -> Iterator[str]:
    """Yield why a class derived from one of ours is refused.

    A class of the same methods, which do nothing, is made of it.
    """
    methods = {}
    for part in node.body:
        if isinstance(part, ast.FunctionDef):
            stub = ast.parse(f"def {part.name}(): return None").body[0]
            assert isinstance(stub, ast.FunctionDef)
            arguments = part.args
            stub.args = ast.arguments(
                posonlyargs=[ast.arg(one.arg) for one in arguments.posonlyargs],
                args=[ast.arg(one.arg) for one in arguments.args],
                vararg=arguments.vararg and ast.arg(arguments.vararg.arg),
                kwonlyargs=[ast.arg(one.arg) for one in arguments.kwonlyargs],
                kw_defaults=[ast.Constant(None) for _ in arguments.kwonlyargs],
                kwarg=arguments.kwarg and ast.arg(arguments.kwarg.arg),
                defaults=[ast.Constant(None) for _ in arguments.defaults],
            )
            module = ast.fix_missing_locations(ast.Module([stub], []))
            namespace: dict[str, Any] = {}
            exec(compile(module, "<stub>", "exec"), namespace)
            methods[part.name] = namespace[part.name]
    try:
        type(base)(node.name, (base,), {**methods, "__module__": "__main__"})
    except Exception as error:
        yield str(error)


def model_class(name: str, call: ast.Call) -> type | None:
    """Return `Model` if a call on an object unknown looks like one of its methods."""
    from scratchnet.models.model import Model

    given = {keyword.arg for keyword in call.keywords}
    signs = {
        "compile": {"optimizer", "loss", "metrics"},
        "fit": {"epochs", "validation_data", "validation_split", "callbacks"},
        "summary": {"expand_nested", "line_length", "show_trainable"},
    }
    return Model if given & signs.get(name, set()) else None


def _faults_of_arguments(
    call: ast.Call, thing: Any, known: dict[str, Any], who: str
) -> Iterator[str]:
    parameters, open_ended = _parameters(thing)
    row = _absent(thing)
    for keyword in call.keywords:
        name = keyword.arg
        if name is None:
            continue
        if name in row:
            value = _literal(keyword.value, known)
            if value is not UNKNOWN:
                try:
                    outside.refuse(who, name, value, row[name])
                except NotImplementedError as error:
                    yield str(error)
        elif name == "decay" and _is_optimizer(thing):
            continue  # it is passed over with a warning, as in Keras
        elif name not in parameters and not open_ended:
            yield str(outside.unknown_argument(who, name, parameters))


def _parameters(thing: Any) -> tuple[set[str], bool]:
    """Return the names of a callable's arguments, and whether it takes any others.

    What a class hands on as ``**kwargs``, the classes that it is made of take.
    """
    found: set[str] = set()
    functions = [thing]
    if isinstance(thing, type):
        makers = ("__new__", "__init__")
        functions = [vars(cls).get(name) for cls in thing.__mro__ for name in makers]
    for function in filter(None, functions):
        if function in (object.__init__, object.__new__, np.ndarray.__new__):
            continue
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            return found, True
        found |= {one.name for one in parameters if one.kind is not one.VAR_KEYWORD}
        if not any(one.kind is one.VAR_KEYWORD for one in parameters):
            return found, False
    return found | set(_absent(thing)), not isinstance(thing, type)


def _absent(thing: Any) -> dict[str, Any]:
    """Return Keras's arguments that a callable only takes at their defaults."""
    keys = [getattr(thing, "__qualname__", "")]
    if isinstance(thing, type):
        keys = [cls.__name__ for cls in thing.__mro__]
    return {
        name: default
        for key in keys
        for some in outside.ARGUMENTS.get(key, {}).values()
        for name, default in some.items()
        if not name.endswith(outside.OF_EVERY_LAYER)
    }


def _is_optimizer(thing: Any) -> bool:
    return isinstance(thing, type) and "optimizers" in thing.__module__


def _harmless(cls: type) -> bool:
    package, _, path = cls.__module__.partition(".")
    return package == "scratchnet" and path.partition(".")[0] in HARMLESS


def _try_to_make(call: ast.Call, cls: type, known: dict[str, Any]) -> str | None:
    """Make an object if all its arguments are literals; return what it says against."""
    values = [_literal(one, known) for one in call.args]
    named = {one.arg or "**": _literal(one.value, known) for one in call.keywords}
    if any(value is UNKNOWN for value in (*values, *named.values())):
        return None
    try:
        with warnings.catch_warnings(action="ignore"):  # they come when it runs
            cls(*values, **named)
    except (TypeError, ValueError, NotImplementedError, ImportError) as error:
        return str(error)
    return None


def _literal(node: ast.expr, known: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return known.get(node.id, UNKNOWN)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return UNKNOWN


def _who(thing: Any) -> str:
    return getattr(thing, "__name__", type(thing).__name__)
