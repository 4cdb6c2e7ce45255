"""The imports of a document, written anew when all uses are known."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from scratchnet.porting import names
from scratchnet.porting.edits import Edits
from scratchnet.porting.scopes import Scope
from scratchnet.porting.source import Cell


class Imports:
    """The imports of all cells.

    Args:
        edits: get the new statements.
        read: the names that the document reads anywhere.

    Attributes:
        keras, numpy: the names that stand for scratchnet and NumPy in the copy.
        tensorflow_stays: whether it uses something of TensorFlow's own.
    """

    def __init__(self, edits: Edits, read: set[str]) -> None:
        self._edits, self._read = edits, read
        self.keras = self.numpy = ""
        self.tensorflow_stays = False
        self._needed: set[str] = set()
        self._found: list[tuple[Cell, Any]] = []

    def note(self, node: ast.Import | ast.ImportFrom) -> None:
        """Remember an import."""
        self._found.append((self._edits.cell, node))

    def need(self, code: str) -> None:
        """Note the modules that code in the copy takes something of."""
        modules = ("{numpy}", *names.NEEDED)
        self._needed |= {one for one in modules if f"{one}." in code}

    def choose_aliases(self, ever: Scope, trees: list[ast.Module]) -> None:
        """Choose the names that stand for scratchnet and NumPy in the copy."""
        for name, bound in ever.items():
            if bound and not bound.instance and names.find(bound.path).path == "keras":
                self.keras = self.keras or name
        taken = {
            getattr(node, "id", None) or getattr(node, "arg", None)
            for tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.arg)
            or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        }
        if not self.keras:
            self.keras = "scratchnet" if "keras" in taken else "keras"
        self.numpy = self.numpy or "np"

    def write(self) -> None:
        """Write all imports."""
        for cell, node in self._found:
            self._edits.cell = cell
            if isinstance(node, ast.Import):
                lines = list(self._import_lines(node))
            elif node.names[0].name == "*":
                lines = self._star_lines(node)
            else:
                lines = self._from_lines(node)
            if lines != [self._edits.cell.text(node)]:
                self._edits.statement(node, list(dict.fromkeys(lines)))

    def _import_lines(self, node: ast.Import) -> Iterator[str]:
        kept = [alias for alias in node.names if not names.is_keras(alias.name)]
        if len(kept) == len(node.names):
            yield self._edits.cell.text(node)
            return
        for alias in node.names:
            if alias in kept:
                yield f"import {_as(alias.name, alias.asname)}"
                continue
            path = alias.name if alias.asname else alias.name.partition(".")[0]
            bound = alias.asname or path
            found = names.find(path)
            if path == "tensorflow":
                if self.tensorflow_stays:
                    yield f"import {_as(alias.name, alias.asname)}"
                yield f"import scratchnet as {self.keras}"
                if "{numpy}" in self._needed:
                    yield f"import numpy as {self.numpy}"
                modules = sorted(self._needed - {"{numpy}"})
                yield from (f"import {module}" for module in modules)
            elif found.stays:
                self.tensorflow_stays = True
                self._edits.remark(node, sentence(path, found))
                yield f"import {_as(alias.name, alias.asname)}"
            else:
                if found.missing:
                    self._edits.remark(node, sentence(path, found))
                yield _import_line(found.path, bound)

    def _star_lines(self, node: ast.ImportFrom) -> list[str]:
        found = names.find(node.module or "")
        if found.stays:
            self.tensorflow_stays = True
            return [self._edits.cell.text(node)]
        if found.missing:
            self._edits.remark(node, sentence(node.module or "", found))
        path = found.path.replace("keras", "scratchnet", 1)
        return [f"from {path} import *"]

    def _from_lines(self, node: ast.ImportFrom) -> list[str]:
        """Return the statements for a ``from keras.x import a, b``."""
        statements: dict[str, list[str]] = {}
        lines: list[str] = []
        for alias in node.names:
            bound = alias.asname or alias.name
            found = names.find(f"{node.module}.{alias.name}")
            if found.missing and bound not in self._read:
                text = f"{bound} is imported but never used: left out"
                self._edits.remark(node, text, fault=False)
                continue
            if found.missing:
                self._edits.remark(node, sentence(f"{node.module}.{alias.name}", found))
            if found.path == "keras":
                lines.append(f"import scratchnet as {bound}")
            elif found.path or found.code.startswith("{numpy}."):
                path = (found.path or found.code.replace("{numpy}", "numpy")).replace(
                    "keras", "scratchnet", 1
                )
                room, _, last = path.rpartition(".")
                statements.setdefault(room, []).append(_as(last, bound))
            elif found.stays:
                self.tensorflow_stays = True
                statements.setdefault(node.module or "", []).append(
                    _as(alias.name, alias.asname)
                )
        same = [_as(alias.name, alias.asname) for alias in node.names]
        if not lines and list(statements.values()) == [same]:
            (room,) = statements
            start = self._edits.cell.span(node)[0]
            at = self._edits.cell.source.index(node.module or "", start + len("from"))
            self._edits.cell.edits.append((at, at + len(node.module or ""), room))
            return [self._edits.cell.text(node)]
        lines += [
            f"from {room} import {', '.join(some)}" for room, some in statements.items()
        ]
        return lines or [
            "pass  # nothing of it is used: " + _one_line(self._edits.cell, node)
        ]


def sentence(path: str, found: names.Found) -> str:
    """Return what to say of a name that is missing."""
    if found.stays:
        return f"{path} is TensorFlow's own; {found.missing}"
    return found.missing


def _as(name: str, bound: str | None) -> str:
    return name if bound in (None, name) else f"{name} as {bound}"


def _import_line(path: str, bound: str) -> str:
    room, _, last = path.replace("keras", "scratchnet", 1).rpartition(".")
    if not room:
        return f"import scratchnet as {bound}"
    return f"from {room} import {_as(last, bound)}"


def _one_line(cell: Cell, node: Any) -> str:
    return " ".join(cell.text(node).split())
