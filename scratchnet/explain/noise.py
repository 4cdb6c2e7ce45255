"""Dropout and noise, one element at a time: y = x · factor + term while training."""

from __future__ import annotations

import numpy as np

from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y."""
    return [_equation(step, "y", index, "x", step.x)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx."""
    return [_equation(step, "dx", index, "dy", step.dy)]


def _equation(
    step: Step, name: str, index: Index, source: str, array: np.ndarray
) -> Equation:
    text, value = element(source, index, array), float(array[index])
    rows = [Row(text, (value,), at=index)]
    formula = f"{source}: nothing is changed at inference"
    if step.training and step.operation.strength > 0:
        factor, term = _drawn(step, index)
        rows = [Row(f"{text} × {factor:.7g}", (value, factor), at=index)]
        if step.kind == "dropout":
            formula = f"{source} / (1 − rate): kept" if factor else "0: dropped"
        else:
            formula = f"{source} × factor"
            if name == "y":
                formula += " + term"
                rows.append(Row("term, drawn for this element", (term,)))
    return total_of(step, name, index, formula, rows)


def _drawn(step: Step, index: Index) -> tuple[float, float]:
    """Return factor and term of an element: functions of seed and step."""
    seed, before = (int(value) for value in step.buffers["seed_state"])
    drawn = step.operation.draw(step.x.shape, seed, before + 1)
    factor, term = (float(np.broadcast_to(d, step.x.shape)[index]) for d in drawn)
    return factor, term
