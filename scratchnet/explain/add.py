"""Addition of branches, one element at a time: y = x1 + x2 + …, dx1 = dx2 = … = dy."""

from __future__ import annotations

from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y."""
    inputs = step.by_input(step.x)
    rows = [
        Row(element(name, index, x), (float(x[index]),)) for name, x in inputs.items()
    ]
    return [total_of(step, "y", index, " + ".join(inputs), rows)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx1, dx2 or another."""
    text, value = element("dy", index, step.dy), float(step.dy[index])
    formula = "dy, which every input receives"
    return [total_of(step, f"d{name}", index, formula, [Row(text, (value,), at=index)])]
