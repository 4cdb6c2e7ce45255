"""A program as a table that can be read."""

from __future__ import annotations

import math
from typing import Any

from scratchnet import kernels
from scratchnet.foundation.shapes import format_shape
from scratchnet.plan.program import Program

HEADINGS = ("", "operation", "reads", "output", "rung", "bytes", "of the layers")


def text(program: Program) -> str:
    """Return a line for each operation.

    Its place and what it computes; the places that it reads; the shape of its output;
    the rung of the ladder that runs it, − where plain NumPy does; the bytes of its
    output for one sample; and the layers whose work it does, or a part of whose work.
    """
    rows = [HEADINGS, *(_row(program, at) for at in range(len(program.operations)))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = (0, 5)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _row(program: Program, at: int) -> tuple[str, ...]:
    operation, shape = program.operations[at], program.shapes[at]
    size = math.prod(size or 1 for size in shape[1:]) * operation.dtype.itemsize
    own = getattr(operation, "overwrites_input", False) or program.kinds[at] in VIEWS
    return (
        str(at),
        program.kinds[at] or type(operation).__name__,
        ", ".join(map(str, program.inputs[at])) or "the batch",
        format_shape(shape),
        _rung(program.kinds[at]),
        "in place" if own else f"{size:,}",
        _origin(program, at),
    )


# Their output is their input, in another shape.
VIEWS = ("flatten", "input")


def _origin(program: Program, at: int) -> str:
    operation = program.operations[at]
    rescaling = getattr(operation, "rescaling", None)
    if at == 0:
        return "" if rescaling is None else f"{rescaling.name} ({rescaling.operation})"
    parts: tuple[Any, ...] = getattr(operation, "parts", ())
    if parts:
        return " + ".join(f"{part.name} ({part.operation})" for part in parts)
    return program.paths[at]


def _rung(kind: str) -> str:
    """Return the rung that runs an operation, − if it is none of the kernels'."""
    for name in (f"{kind}_forward", kind):
        if name in kernels.OPERATIONS:
            return kernels.OPERATIONS[name].selected
    return "−"
