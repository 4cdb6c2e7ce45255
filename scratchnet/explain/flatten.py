"""Flatten, one element at a time: each stands somewhere else afterwards."""

from __future__ import annotations

import numpy as np

from scratchnet.explain.equation import Equation, Index, Row, element, total
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Say where y's element stood in x."""
    x, y = step.x, step.y
    at = (index[0], *map(int, np.unravel_index(index[1], x.shape[1:])))
    row, shown = Row(element("x", at, x), (float(x[at]),)), element("y", index, y)
    return [total(step.label, shown, "x, moved", [row], y[index], x.dtype)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Say where x's element stands in y."""
    dx, dy = step.dx, step.dy
    at = index[0], int(np.ravel_multi_index(index[1:], dx.shape[1:]))
    row = Row(element("dy", at, dy), (float(dy[at]),), at=at)
    shown = element("dx", index, dx)
    return [total(step.label, shown, "dy, moved", [row], dx[index], dx.dtype)]
