"""A plan as a table that can be read."""

from __future__ import annotations

import math
from typing import Any

from scratchnet import kernels
from scratchnet.foundation.shapes import format_shape
from scratchnet.plan.heads import LogitsHead, LossHead
from scratchnet.plan.program import Program

HEADINGS = ("", "operation", "reads", "output", "rung", "bytes", "of the layers")
TO_THE_RIGHT = (0, 5)

# Their output is their input, in another shape or in the same.
VIEWS = ("flatten", "reshape", "input")


def text(program: Program, heads: list[LossHead]) -> str:
    """Return a line for each operation, and one for each loss.

    Its place and what it computes; the places that it reads; the shape of its output;
    the rung of the ladder that runs it, − where plain NumPy does; the bytes of its
    output for one sample; and the layers whose work it does, or a part of whose work.
    """
    rows = [HEADINGS, *(_row(program, at) for at in range(len(program.operations)))]
    for place, head in zip(program.outputs, heads, strict=True):
        if head.loss is not None:
            number = len(rows) - 1
            rows.append((str(number), "loss", str(place), *_loss(program, place, head)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in TO_THE_RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _row(program: Program, at: int) -> tuple[str, ...]:
    operation, kind = program.operations[at], program.kinds[at]
    shape = program.shapes[at]
    size = math.prod(size or 1 for size in shape[1:]) * operation.dtype.itemsize
    in_place = kind in VIEWS or getattr(operation, "overwrites_input", False)
    whole = program.whole_layers and at > 0
    return (
        str(at),
        type(operation).__name__ if whole or not kind else kind,
        ", ".join(map(str, program.inputs[at])) or "the batch",
        format_shape(shape),
        _rung(kind),
        "in place" if in_place else f"{size:,}",
        _origin(program, at),
    )


def _origin(program: Program, at: int) -> str:
    """Name the layers that an operation is, or whose work it does."""
    operation = program.operations[at]
    parts: tuple[Any, ...] = getattr(operation, "parts", ())
    if at == 0 and operation.rescaling is not None:
        parts = (operation.rescaling,)
    if not parts:
        return program.paths[at]
    return " + ".join(f"{part.name} ({part.operation})" for part in parts)


def _loss(program: Program, place: int, head: LossHead) -> tuple[str, ...]:
    name, kind = head.loss.name, getattr(head.loss, "operation", "")
    if isinstance(head, LogitsHead):
        name, kind = f"{name} + {head.activation.name}", head.loss.of_logits
    size = program.operations[place].dtype.itemsize
    return "(N,)", _rung(kind), str(size), name


def _rung(kind: str) -> str:
    """Return the rung that runs an operation, − if it is none of the kernels'."""
    for name in (f"{kind}_forward", kind):
        if name in kernels.OPERATIONS:
            return kernels.OPERATIONS[name].selected
    return "−"
