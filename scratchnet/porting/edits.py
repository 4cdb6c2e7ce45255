"""What becomes of a document's text: edits, and remarks on what is missing."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from scratchnet.porting.source import Cell


@dataclass(order=True)
class Remark:
    """A line of the report.

    Attributes:
        cell: its number, and line: where it is.
        text: what is missing there, or what was done.
        fault: whether the copy can't run because of it.
    """

    cell: int
    line: int
    place: str = field(compare=False)
    text: str = ""
    fault: bool = True

    def __str__(self) -> str:
        """Return the line."""
        return f"{self.place}: {self.text}"


class Edits:
    """Edits of cells, and remarks on them.

    Attributes:
        cell: where the nodes are that the methods are given.
        remarks: in the order of the walk.
    """

    cell: Cell

    def __init__(self) -> None:
        self.remarks: list[Remark] = []
        self._at_the_end: list[tuple[Cell, Any, str]] = []

    def remark(self, node: Any, text: str, *, fault: bool = True) -> None:
        """Note what is to be said of a place."""
        place = self.cell.place(node.lineno)
        self.remarks.append(Remark(self.cell.number, node.lineno, place, text, fault))

    def replace(self, node: Any, code: str) -> None:
        """Write code in place of a node, with ``{keras}`` and ``{numpy}`` named."""
        self._at_the_end.append((self.cell, node, code))

    def attribute(self, node: ast.Attribute, new: str) -> None:
        """Write another name behind the dot."""
        end = self.cell.span(node)[1]
        self.cell.edits.append((end - len(node.attr), end, new))

    def name_of(self, keyword: ast.keyword, new: str) -> None:
        """Write an argument by another name."""
        start = self.cell.span(keyword)[0]
        self.cell.edits.append((start, start + len(keyword.arg or ""), new))
        keyword.arg = new  # which is what is looked at from here on

    def after(self, node: Any, new: str) -> None:
        """Write something behind a node."""
        end = self.cell.span(node)[1]
        self.cell.edits.append((end, end, new))

    def between(self, before: Any, whole: Any, new: str) -> None:
        """Write something in place of all of a node that is behind a part of it."""
        end = self.cell.span(whole)[1]
        self.cell.edits.append((self.cell.span(before)[1], end, new))

    def statement(self, node: Any, lines: list[str]) -> None:
        """Write statements in place of one."""
        start, end = self.cell.span(node)
        before = self.cell.source[:start].rpartition("\n")[2]
        after = self.cell.source[end:].partition("\n")[0]
        alone = not before.strip() and not after.lstrip().startswith(";")
        self.cell.replace(node, (f"\n{before}" if alone else "; ").join(lines))

    def finish(self, keras: str, numpy: str) -> None:
        """Make the replacements, now that the names of the two packages are known."""
        for cell, node, code in self._at_the_end:
            code = code.replace("{keras}", keras).replace("{numpy}", numpy)
            cell.replace(node, code)


def grouped(remarks: list[Remark]) -> list[Remark]:
    """Return the remarks in the order of the text, one for what is said several times.

    It names the other places behind its own.
    """
    first: dict[str, Remark] = {}
    also: dict[str, list[str]] = {}
    for remark in sorted(remarks):
        if remark.text not in first:
            first[remark.text] = remark
        elif remark.place not in (first[remark.text].place, *also.get(remark.text, ())):
            also.setdefault(remark.text, []).append(remark.place)
    for text, places in also.items():
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        first[text].place += f" (also {', '.join(places[:3])}{more})"
    return list(first.values())
