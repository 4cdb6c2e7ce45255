"""The rectifier with a slope that is learnt, one element at a time."""

from __future__ import annotations

import numpy as np

from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step


def _alpha(step: Step, index: Index) -> tuple[Index, float]:
    """Return which alpha an element has, and what it is."""
    alpha = step.operation.params["alpha"]
    sizes = zip(index[1:], alpha.shape, strict=True)
    at = tuple(0 if size == 1 else i for i, size in sizes)
    return at, float(alpha[at])


def _slope(step: Step, index: Index) -> tuple[str, float]:
    value = float(step.x[index])
    at, slope = _alpha(step, index)
    if value > 0:
        return "1", 1.0
    return element(
        "alpha", at, step.operation.params["alpha"]
    ), slope if value < 0 else 0.0


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y."""
    said, slope = _slope(step, index)
    row = Row(f"{element('x', index, step.x)} × {said}", (float(step.x[index]), slope))
    return [total_of(step, "y", index, "x if x > 0, else alpha · x", [row])]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx, or d_alpha, which every element that has it adds to."""
    x, dy = step.x, step.dy
    if name == "x":
        said, slope = _slope(step, index)
        text = f"{element('dy', index, dy)} × {said}"
        row = Row(text, (float(dy[index]), slope), at=index)
        return [total_of(step, "dx", index, "dy · slope", [row])]
    rows = [
        Row(
            f"{element('dy', at, dy)} × {element('x', at, x)}",
            (float(dy[at]), min(float(x[at]), 0.0)),
            at=at,
        )
        for at in np.ndindex(x.shape)
        if _alpha(step, at)[0] == index
    ]
    return [total_of(step, "d_alpha", index, "∑ dy · x where x < 0", rows)]
