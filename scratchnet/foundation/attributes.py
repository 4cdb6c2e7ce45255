"""What a program may set on objects of scratchnet's own classes: what they have.

A misspelt ``layer.trainabel = False`` would have no effect, and not say so. Objects of
a user's own class take anything.
"""

from __future__ import annotations

import difflib
import inspect
import sys
from typing import Any

from scratchnet.foundation.overrides import is_user_s

# What is there to be read → how it is changed.
CHANGED_BY: dict[str, str] = {
    **dict.fromkeys(("loss", "metrics", "metrics_names"), "call compile again"),
    **dict.fromkeys(
        "weights variables trainable_weights trainable_variables "
        "non_trainable_weights non_trainable_variables".split(),
        "call set_weights, or assign to one of them",
    ),
    **dict.fromkeys(
        "inputs outputs input output".split(), "make a new model of the layers"
    ),
    "layers": "it is the list of all that stand in here: make a new model of layers, "
    "and call an attribute of your own otherwise, such as self.blocks",
    "losses": "give layers regularizers",
    "model": "fit, evaluate and predict call set_model",
}


class OnlyWhatThereIs:
    """Takes no new attributes from outside, unless a user has derived the class."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute that there is.

        Raises:
            AttributeError: there is none of that name, or it is only to be read.
        """
        if name not in vars(self):
            own = getattr(type(self), name, None)
            unknown = own is None and not is_user_s(type(self))
            if (unknown or _read_only(own)) and is_set_from_outside():
                raise AttributeError(_why_not(self, name, own))
        super().__setattr__(name, value)


def is_set_from_outside() -> bool:
    """Whether a ``__setattr__`` is at work for a program, not for scratchnet itself."""
    frame: Any = sys._getframe(1)
    while frame.f_code.co_name == "__setattr__":
        frame = frame.f_back
    return frame.f_globals.get("__name__", "").partition(".")[0] != "scratchnet"


def constructor_arguments(cls: type) -> set[str]:
    """Return the names of all arguments of a class's constructor, and its bases'."""
    return {
        parameter
        for base in cls.__mro__[:-1]
        if "__init__" in vars(base)
        for parameter in inspect.signature(vars(base)["__init__"]).parameters
    } - {"self", "unknown"}


def _read_only(own: Any) -> bool:
    return isinstance(own, property) and own.fset is None


def _why_not(thing: Any, name: str, own: Any) -> str:
    who = getattr(thing, "label", type(thing).__name__)
    if own is not None:
        return f"{who}: '{name}' can't be set; {CHANGED_BY.get(name, 'it is computed')}"
    if name in getattr(thing, "weight_names", ()):
        return (
            f"{who}: '{name}' can't be set; write layer.{name}.assign(values), or give "
            f"the constructor {name}_initializer="
        )
    known = [one for one in dir(thing) if not one.startswith("_")]
    near = difflib.get_close_matches(name.lstrip("_"), known, n=1)
    meant = f"did you mean '{near[0]}'? " if near else ""
    return (
        f"{who}: there is no '{name}' that could be set, and nothing would read it; "
        f"{meant}Things of your own belong on a class that you derive"
    )
