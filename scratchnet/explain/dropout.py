"""Dropout, one element at a time: y = x · mask / (1 − rate) in training, else y = x."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.explain.equation import Equation, Index, Row, element, total
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y."""
    return [_equation(step, index, ("x", step.x), ("y", step.y))]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx."""
    return [_equation(step, index, ("dy", step.dy), ("dx", step.dx))]


def _equation(
    step: Step, index: Index, given: tuple[str, Any], result: tuple[str, Any]
) -> Equation:
    (source, values), (name, computed) = given, result
    text, value = element(source, index, values), float(values[index])
    row = Row(text, (value,), at=index)
    formula = f"{source}: nothing is dropped at inference"
    if step.training and step.operation.rate > 0:
        factor = float(_mask(step)[index])
        row = Row(f"{text} × {factor:.7g}", (value, factor), at=index)
        formula = f"{source} / (1 − rate): kept" if factor else "0: dropped"
    shown = element(name, index, values)
    return total(step.label, shown, formula, [row], computed[index], values.dtype)


def _mask(step: Step) -> np.ndarray:
    """Return what dropout multiplied by: a function of seed and step."""
    seed, before = (int(value) for value in step.buffers["seed_state"])
    mask = np.empty_like(step.x)
    ones = np.ones(step.x.size, step.x.dtype)
    kernels.dropout(ones, mask.reshape(-1), step.operation.rate, seed, before + 1)
    return mask
