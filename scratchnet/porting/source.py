"""A notebook or a script as a list of cells, whose text is edited in place."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scratchnet.foundation.files import atomic_write

# What IPython understands and Python does not: `%magic`, `!command`, `name?` at the
# start of a line, and `files = !ls`.
MAGIC = re.compile(r"^(\s*)([%!?].*|[\w.]+\?{1,2}\s*)$")
ASSIGNED_MAGIC = re.compile(r"^(\s*[\w, ]+=\s*)([%!].*)$")

# A part of the old text in a new one, see `Cell.part`.
PART = re.compile("\0(\\d+):(\\d+)\0")


class SourceError(ValueError):
    """A file can't be read as a notebook or as Python."""


@dataclass
class Cell:
    """One code cell; a script is a single one.

    Attributes:
        source: its text.
        number: its place among the code cells, from 1; 0 for a script.
        edits: (start, end, new text) of what is to be replaced.
    """

    source: str
    number: int = 0
    edits: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Find where the lines start, as Python counts them."""
        breaks = re.finditer(r"\r\n|\r|\n", self.source)
        self._starts = [0, *(found.end() for found in breaks)]

    def parse(self) -> ast.Module:
        """Return the syntax tree, magics and shell commands left out.

        Raises:
            SourceError: it is no Python.
        """
        try:
            return ast.parse(self._without_magics() if self.number else self.source)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            reason = getattr(error, "msg", None) or str(error)
            raise SourceError(
                f"{self.place(line)}: no valid Python: {reason}"
            ) from None

    def place(self, line: int) -> str:
        """Name a line for a message."""
        return f"cell {self.number}, line {line}" if self.number else f"line {line}"

    def span(self, node: Any) -> tuple[int, int]:
        """Return where a node's text starts and ends."""
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno, node.end_col_offset),
        )

    def text(self, node: Any) -> str:
        """Return a node's text."""
        start, end = self.span(node)
        return self.source[start:end]

    def replace(self, node: Any, text: str) -> None:
        """Note that a node's text becomes another."""
        self.edits.append((*self.span(node), text))

    def part(self, node: Any) -> str:
        """Return what stands in a new text for a node's text, with its own edits."""
        start, end = self.span(node)
        return f"\0{start}:{end}\0"

    def edited(self) -> str:
        """Return the text with all edits made.

        An edit within another has an effect only in a `part` that the other one keeps.
        """
        return self._edited(0, len(self.source))

    def _edited(self, first: int, last: int, around: Any = None) -> str:
        text, at = "", first
        for edit in sorted(self.edits, key=lambda edit: (edit[0], -edit[1])):
            start, end, new = edit
            if at <= start and end <= last and edit is not around:
                for kept in PART.finditer(new):
                    within = self._edited(int(kept[1]), int(kept[2]), edit)
                    new = new.replace(kept[0], within)
                text, at = text + self.source[at:start] + new, end
        return text + self.source[at:last]

    def _offset(self, line: int, column: int) -> int:
        """Return the place of a line and column; Python counts columns in bytes."""
        start = self._starts[line - 1]
        bytes_before = self.source[start : start + column].encode()[:column]
        return start + len(bytes_before.decode())

    def _without_magics(self) -> str:
        """Return a text of the same lines and columns that Python can read."""
        first = self.source.lstrip()
        if first.startswith("%%"):
            # Cells of other languages are no Python; what `%%time` and the like
            # stand above, is.
            if not re.match(r"%%(time|timeit|capture|prun)\b", first):
                return ""
        try:
            ast.parse(self.source)
        except (SyntaxError, ValueError):
            lines = self.source.splitlines(keepends=True)
            return "".join(map(_blank, lines))
        return self.source


def _blank(line: str) -> str:
    body = line.rstrip("\r\n")
    end = line[len(body) :]
    if found := MAGIC.match(body):
        return f"{found[1]}pass{end}"
    if found := ASSIGNED_MAGIC.match(body):
        return f"{found[1]}0{end}"
    return line


class Document:
    """A file with code: ``.ipynb``, or anything else as a Python script.

    Args:
        path: its name.

    Raises:
        SourceError: it is damaged, or no notebook of a format known.
        OSError: it can't be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SourceError(f"{path}: expected UTF-8 text: {error}") from None
        self.notebook: Any = None
        if path.suffix.lower() == ".ipynb":
            self.notebook = _load_notebook(path, text)
            self.cells = [
                Cell("".join(cell["source"]), number)
                for number, cell in enumerate(self._code_cells(), start=1)
            ]
        else:
            self.cells = [Cell(text)]

    def _code_cells(self) -> list[Any]:
        return [cell for cell in self.notebook["cells"] if cell["cell_type"] == "code"]

    def write(self, path: Path) -> None:
        """Write the edited text; a notebook's old outputs are left out.

        Raises:
            CheckpointError: the file can't be written.
        """
        if self.notebook is None:
            text = self.cells[0].edited()
        else:
            for stored, cell in zip(self._code_cells(), self.cells, strict=True):
                stored["source"] = cell.edited().splitlines(keepends=True)
                stored["outputs"], stored["execution_count"] = [], None
            text = json.dumps(self.notebook, indent=1, ensure_ascii=False) + "\n"
        with atomic_write(path, text=True) as file:
            file.write(text)


def _load_notebook(path: Path, text: str) -> Any:
    try:
        notebook = json.loads(text)
    except ValueError as error:
        raise SourceError(f"{path}: a damaged notebook: {error}") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise SourceError(
            f"{path}: expected a notebook of format 4, with a list of cells; open it "
            "in Jupyter and save it again"
        )
    for number, cell in enumerate(cells, start=1):
        source = cell.get("source") if isinstance(cell, dict) else None
        pieces = source if isinstance(source, list) else [source]
        if "cell_type" not in (cell or ()) or not all(
            isinstance(piece, str) for piece in pieces
        ):
            raise SourceError(
                f"{path}: a damaged notebook: cell {number} of {len(cells)} has no "
                "source text"
            )
    return notebook
