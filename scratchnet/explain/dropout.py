"""Dropout, one element at a time: y = x · mask / (1 − rate) in training, else y = x."""

from __future__ import annotations

import numpy as np

from scratchnet import kernels
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
    row = Row(text, (value,), at=index)
    formula = f"{source}: nothing is dropped at inference"
    if step.training and step.operation.rate > 0:
        factor = float(_mask(step)[index])
        row = Row(f"{text} × {factor:.7g}", (value, factor), at=index)
        formula = f"{source} / (1 − rate): kept" if factor else "0: dropped"
    return total_of(step, name, index, formula, [row])


def _mask(step: Step) -> np.ndarray:
    """Return what dropout multiplied by: a function of seed and step."""
    seed, before = (int(value) for value in step.buffers["seed_state"])
    mask = np.empty_like(step.x)
    ones = np.ones(step.x.size, step.x.dtype)
    kernels.dropout(ones, mask.reshape(-1), step.operation.rate, seed, before + 1)
    return mask
