"""Rescaling, one element at a time: y = x · scale + offset, dx = dy · scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y."""
    rows, formula = [_product(step, "x", step.x, index)], "x · scale"
    offset = _at(step, step.operation.offset, index)
    if offset:
        rows.append(Row("offset", (offset,)))
        formula += " + offset"
    return [total_of(step, "y", index, formula, rows)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx."""
    rows = [_product(step, "dy", step.dy, index)]
    return [total_of(step, "dx", index, "dy · scale", rows)]


def _product(step: Step, name: str, array: np.ndarray, index: Index) -> Row:
    scale = _at(step, step.operation.scale, index)
    text = f"{element(name, index, array)} × {scale:.7g}"
    return Row(text, (float(array[index]), scale), at=index)


def _at(step: Step, value: Any, index: Index) -> float:
    """Return the scale or the offset of an element, as the kernel rounds it."""
    return float(np.broadcast_to(step.x.dtype.type(value), step.x.shape)[index])
