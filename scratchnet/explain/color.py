"""Contrast, brightness and normalization, one element at a time.

    contrast         z = (x − m)·f + m, brought to [low, high]
    brightness       z = x + shift, brought to [low, high]
    normalization    y = (x − mean) / deviation, or the other way round

What was drawn, or is known, is the layer's; what is done with it is worked out again.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y."""
    x, text = float(step.x[index]), element("x", index, step.x)
    rows, formula = [Row(text, (x,))], "x: nothing is changed"
    if step.kind == "normalization":
        rows, formula = _normalized(step, index)
    elif (drawn := _drawn(step)) is not None:
        rows, formula = _recolored(step, index, drawn)
        value = sum(row.value for row in rows)
        low, high = step.operation.value_range
        if not low <= value <= high:
            end = low if value < low else high
            rows, formula = [Row("bound", (end,))], f"{formula}, beyond {end:g}"
    return [total_of(step, "y", index, formula, rows)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx."""
    text, dy = element("dy", index, step.dy), float(step.dy[index])
    rows, formula = [Row(text, (dy,), at=index)], "dy: nothing is changed"
    if step.kind == "normalization":
        _, deviation = _constants(step, index)
        factor = deviation if step.operation.invert else 1 / deviation
        rows = [Row(f"{text} × {factor:.7g}", (dy, factor), at=index)]
        formula = "dy · deviation" if step.operation.invert else "dy / deviation"
    elif (drawn := _drawn(step)) is not None:
        rows, formula = _colored_back(step, index, drawn)
    return [total_of(step, "dx", index, formula, rows)]


def _normalized(step: Step, index: Index) -> tuple[list[Row], str]:
    (mean, deviation), x = _constants(step, index), float(step.x[index])
    text = element("x", index, step.x)
    if step.operation.invert:
        rows = [Row("mean", (mean,)), Row(f"{text} × deviation", (x, deviation))]
        return rows, "mean + x · deviation"
    factor = 1 / deviation
    rows = [
        Row(f"{text} / deviation", (x, factor)),
        Row("−mean / deviation", (-mean, factor)),
    ]
    return rows, "(x − mean) / deviation"


def _constants(step: Step, index: Index) -> tuple[float, float]:
    both = step.operation.mean_and_deviation(step.x.shape)
    mean, deviation = (np.broadcast_to(one, step.x.shape)[index] for one in both)
    return float(mean), float(deviation)


def _drawn(step: Step) -> Any:
    """Return what was drawn for each image: the way back of a copy remembers it."""
    layer = copy.copy(step.operation)
    layer.buffers = {name: own.copy() for name, own in step.buffers.items()}
    layer.forward(step.x, training=step.training)
    return layer._cache[1] if step.training else None


def _recolored(step: Step, index: Index, drawn: Any) -> tuple[list[Row], str]:
    x, text = float(step.x[index]), element("x", index, step.x)
    own = float(drawn.reshape(-1)[index[0]])
    if step.kind == "brightness":
        return [Row(text, (x,)), Row("shift", (own,))], "x + shift"
    mean = float(step.x[index[0], ..., index[-1]].mean(dtype=np.float64))
    rows = [Row(f"{text} × factor", (x, own)), Row("mean × (1 − f)", (mean, 1 - own))]
    return rows, "(x − mean) · factor + mean"


def _colored_back(step: Step, index: Index, drawn: Any) -> tuple[list[Row], str]:
    low, high = step.operation.value_range
    own = float(drawn.reshape(-1)[index[0]])
    x = step.x[index[0], ..., index[-1]].astype(np.float64)
    dy = step.dy[index[0], ..., index[-1]].astype(np.float64)
    at, text = index[1:-1], element("dy", index, step.dy)
    if step.kind == "brightness":
        inside = low <= float(step.x[index]) + own <= high
        row = Row(text, (float(dy[at]) if inside else 0.0,), at=index)
        return [row], "dy" if inside else "0: cut off"
    z = (x - x.mean()) * own + x.mean()
    dz = np.where((z >= low) & (z <= high), dy, 0)
    rows = [
        Row(f"{text} × factor", (float(dz[at]), own), at=index),
        Row("mean of dz × (1 − f)", (float(dz.mean()), 1 - own)),
    ]
    return rows, "f · dz + (1 − f) · mean of dz; dz is dy where nothing is cut off"
