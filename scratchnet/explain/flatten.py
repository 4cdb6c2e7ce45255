"""Flatten, one element at a time: each stands somewhere else afterwards."""

from __future__ import annotations

import numpy as np

from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Say where y's element stood in x."""
    x = step.x
    at = (index[0], *map(int, np.unravel_index(index[1], x.shape[1:])))
    row = Row(element("x", at, x), (float(x[at]),))
    return [total_of(step, "y", index, "x, moved", [row])]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Say where x's element stands in y."""
    dy = step.dy
    at = index[0], int(np.ravel_multi_index(index[1:], step.x.shape[1:]))
    row = Row(element("dy", at, dy), (float(dy[at]),), at=at)
    return [total_of(step, "dx", index, "dy, moved", [row])]
