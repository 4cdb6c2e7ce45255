"""Branches joined element by element: sums, differences, products, means, extremes."""

from __future__ import annotations

import itertools

import numpy as np

from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step

SIGNS = {"add": " + ", "subtract": " − ", "multiply": " · ", "average": " + "}


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y from the inputs' elements at the same place."""
    kind, inputs = step.kind, step.by_input(step.x)
    read = {name: _read(x, step.y, index) for name, x in inputs.items()}
    texts = [element(name, at, inputs[name]) for name, at in read.items()]
    values = [float(inputs[name][at]) for name, at in read.items()]
    formula = SIGNS.get(kind, ", ").join(inputs)
    if kind == "multiply":
        rows = [Row(" × ".join(texts), tuple(values))]
    elif kind in ("maximum", "minimum"):
        formula = f"{kind[:3]}({formula})"
        chosen = (np.argmax if kind == "maximum" else np.argmin)(values)
        rows = [Row(texts[chosen], (values[chosen],))]
    else:
        rows = [
            Row(text, (value, *_share(step, i)))
            for i, (text, value) in enumerate(zip(texts, values, strict=True))
        ]
        formula = f"({formula}) / {len(rows)}" if kind == "average" else formula
    return [total_of(step, "y", index, formula, rows)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx1, dx2 or another: a sum where the input was repeated."""
    inputs, dy = step.by_input(step.x), step.dy
    own = list(inputs).index(name)
    rows = []
    for at in _repeated(inputs[name], step.y, index):
        values = [float(x[_read(x, step.y, at)]) for x in inputs.values()]
        factors: tuple[float, ...] = _share(step, own)
        if step.kind == "multiply":
            factors = tuple(value for i, value in enumerate(values) if i != own)
        elif step.kind in ("maximum", "minimum"):
            best = max(values) if step.kind == "maximum" else min(values)
            factors = (float(values.index(best) == own),)
        rows.append(Row(element("dy", at, dy), (float(dy[at]), *factors), at=at))
    formula = "dy" if len(rows) == 1 else "∑ dy where the input was repeated"
    if step.kind == "multiply":
        formula += " · the other inputs"
    return [total_of(step, f"d{name}", index, formula, rows)]


def _share(step: Step, i: int) -> tuple[float, ...]:
    """Return what an input is multiplied with in a sum."""
    if step.kind == "average":
        return (1 / len(step.x),)
    return (-1.0,) if step.kind == "subtract" and i == 1 else ()


def _read(x: np.ndarray, y: np.ndarray, index: Index) -> Index:
    """Return the element of an input that y's element is made of."""
    rest = index[len(index) - x.ndim + 1 :]
    sizes = zip(rest, x.shape[1:], strict=True)
    return (index[0], *(0 if size == 1 else i for i, size in sizes))


def _repeated(x: np.ndarray, y: np.ndarray, index: Index) -> list[Index]:
    """Return the elements of y that an input's element is a part of."""
    extra = y.ndim - x.ndim
    ranges = [[index[0]], *([*range(y.shape[1 + i])] for i in range(extra))]
    for i, own, size in zip(index[1:], x.shape[1:], y.shape[1 + extra :], strict=True):
        ranges.append([i] if own == size else [*range(size)])
    return list(itertools.product(*ranges))
