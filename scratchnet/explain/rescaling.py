"""Rescaling, one element at a time: y = x · scale + offset, dx = dy · scale."""

from __future__ import annotations

from scratchnet.explain.equation import Equation, Index, Row, element, total
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y."""
    x, offset = step.x, float(step.x.dtype.type(step.operation.offset))
    rows, formula = [_product(step, "x", index)], "x · scale"
    if offset:
        rows.append(Row("offset", (offset,)))
        formula += " + offset"
    shown = element("y", index, x)
    return [total(step.label, shown, formula, rows, step.y[index], x.dtype)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx."""
    rows, shown = [_product(step, "dy", index)], element("dx", index, step.x)
    return [total(step.label, shown, "dy · scale", rows, step.dx[index], step.x.dtype)]


def _product(step: Step, name: str, index: Index) -> Row:
    array = step.x if name == "x" else step.dy
    scale = float(array.dtype.type(step.operation.scale))
    text = f"{element(name, index, array)} × {scale:.7g}"
    return Row(text, (float(array[index]), scale), at=index)
