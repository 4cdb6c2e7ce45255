"""Concatenation, one element at a time: each input has its part of y, and of dy."""

from __future__ import annotations

from itertools import accumulate

from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Say which input y's element comes from."""
    place, starts = index[step.operation.axis], _starts(step)
    name = [name for name, start in starts.items() if start <= place][-1]
    at, x = _moved(step, index, -starts[name]), step.by_input(step.x)[name]
    row = Row(element(name, at, x), (float(x[at]),))
    return [total_of(step, "y", index, f"{name}, moved", [row])]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Say where the element stands in y."""
    dy, at = step.dy, _moved(step, index, _starts(step)[name])
    row = Row(element("dy", at, dy), (float(dy[at]),), at=at)
    return [total_of(step, f"d{name}", index, "dy, moved", [row])]


def _starts(step: Step) -> dict[str, int]:
    """Return where each input begins in y, along the axis."""
    sizes = [x.shape[step.operation.axis] for x in step.x]
    return dict(zip(step.by_input(step.x), accumulate([0, *sizes]), strict=False))


def _moved(step: Step, index: Index, distance: int) -> Index:
    axis = step.operation.axis % len(index)
    return (*index[:axis], index[axis] + distance, *index[axis + 1 :])
