"""Addition of branches, one element at a time: y = x1 + x2 + …, dx1 = dx2 = … = dy."""

from __future__ import annotations

from scratchnet.explain.equation import Equation, Index, Row, element, total
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y."""
    y, inputs = step.y, step.by_input(step.x)
    rows = [
        Row(element(name, index, x), (float(x[index]),)) for name, x in inputs.items()
    ]
    formula, shown = " + ".join(inputs), element("y", index, y)
    return [total(step.label, shown, formula, rows, y[index], y.dtype)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx1, dx2 or another."""
    dy, dx = step.dy, step.by_input(step.dx)[name]
    row = Row(element("dy", index, dy), (float(dy[index]),), at=index)
    shown = element(f"d{name}", index, dy)
    formula = "dy, which every input receives"
    return [total(step.label, shown, formula, [row], dx[index], dy.dtype)]
