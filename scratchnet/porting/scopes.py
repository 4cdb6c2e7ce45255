"""What the names in a document stand for, scope by scope."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scratchnet.porting import names


@dataclass(frozen=True)
class Bound:
    """What a name stands for: something of Keras, or what was made of it.

    Attributes:
        path: Keras's.
        instance: whether it is an object that what has this path has made.
        derived: whether it is a class of the user's, derived from the one of this path.
    """

    path: str
    instance: bool = False
    derived: bool = False


Scope = dict[str, Bound | None]


class Scopes:
    """The scopes around the node that is looked at.

    Attributes:
        ever: the outermost scope, which all cells share.
        inside: it, and those within, the innermost last.
        stars: the modules of which all was imported.
    """

    def __init__(self) -> None:
        self.ever: Scope = {}
        self.inside: list[Scope] = [self.ever]
        self.stars: list[str] = []

    def bind(self, name: str, bound: Bound | None) -> None:
        """Let a name stand for something; None is nothing of Keras."""
        if bound is None and len(self.inside) == 1 and not self.ever.get(name):
            return
        self.inside[-1][name] = bound

    def bound(self, name: str) -> Bound | None:
        """Return what a name stands for."""
        for scope in reversed(self.inside):
            if name in scope:
                return scope[name]
        return self._from_star(name)

    def _from_star(self, name: str) -> Bound | None:
        """Look a name up among those of ``from keras.layers import *``."""
        for room in self.stars:
            if not names.find(f"{room}.{name}").missing:
                return Bound(f"{room}.{name}")
        return None

    def path(self, node: Any) -> tuple[Bound, str] | None:
        """Return what a chain such as ``tf.keras.layers`` starts from, and its path."""
        rest: list[str] = []
        while isinstance(node, ast.Attribute):
            rest.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or not (bound := self.bound(node.id)):
            return None
        return bound, ".".join([bound.path, *reversed(rest)])

    def instance(self, node: Any) -> Bound | None:
        """Return what a name stands for, if that is an object."""
        if isinstance(node, ast.Name):
            bound = self.bound(node.id)
            return bound if bound and bound.instance else None
        return None


def assigned(function: Any) -> Iterator[str]:
    """Yield the names that a function assigns, which are its own."""
    outside = {
        name
        for node in ast.walk(function)
        if isinstance(node, ast.Global | ast.Nonlocal)
        for name in node.names
    }
    for statement in function.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                if node.id not in outside:
                    yield node.id
