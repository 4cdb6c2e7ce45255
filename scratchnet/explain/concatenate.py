"""Concatenation, one element at a time: each input has its part of y, and of dy."""

from __future__ import annotations

from itertools import accumulate

from scratchnet.explain.equation import Equation, Index, Row, element, total
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Say which input y's element comes from."""
    y, place = step.y, index[step.operation.axis]
    begun = [name for name, start in _starts(step).items() if start <= place]
    name = begun[-1]
    at, x = _moved(step, index, -_starts(step)[name]), step.by_input(step.x)[name]
    row, shown = Row(element(name, at, x), (float(x[at]),)), element("y", index, y)
    return [total(step.label, shown, f"{name}, moved", [row], y[index], y.dtype)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Say where the element stands in y."""
    dy, dx = step.dy, step.by_input(step.dx)[name]
    at = _moved(step, index, _starts(step)[name])
    row = Row(element("dy", at, dy), (float(dy[at]),), at=at)
    shown = element(f"d{name}", index, dx)
    return [total(step.label, shown, "dy, moved", [row], dx[index], dx.dtype)]


def _starts(step: Step) -> dict[str, int]:
    """Return where each input begins in y, along the axis."""
    sizes = [x.shape[step.operation.axis] for x in step.x]
    return dict(zip(step.by_input(step.x), accumulate([0, *sizes]), strict=False))


def _moved(step: Step, index: Index, distance: int) -> Index:
    """Return an index so much farther along the axis."""
    axis = step.operation.axis % len(index)
    return (*index[:axis], index[axis] + distance, *index[axis + 1 :])
