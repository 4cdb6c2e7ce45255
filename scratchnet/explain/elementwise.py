"""Layers that treat every element by itself, or only move it to another place."""

from __future__ import annotations

import math

import numpy as np

from scratchnet import kernels
from scratchnet.explain import activation
from scratchnet.explain.equation import Equation, Index, Row, element, rounding
from scratchnet.inspection.passes import Step
from scratchnet.layers.activation import Activation as ActivatedLayer
from scratchnet.layers.dropout import Dropout
from scratchnet.layers.flatten import Flatten
from scratchnet.layers.rescaling import Rescaling


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y, element for element."""
    if isinstance(step.layer, ActivatedLayer):
        return activation.forward(step, step.x, index, "x") or [
            _line(step, "y", index, "x", index, 1.0, 0.0, "the same")
        ]
    source = _source(step, index)
    factor, offset, formula = _factor(step, source)
    formula = formula.format("x") + (" + offset" if offset else "")
    return [_line(step, "y", index, "x", source, factor, offset, formula)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx, element for element."""
    if isinstance(step.layer, ActivatedLayer):
        return [_line(step, "dx", index, "dz", index, 1.0, 0.0, "dz: z is x")]
    assert step.dy is not None
    source = _target(step, index)
    factor, _, formula = _factor(step, index)
    formula = formula.format("dy")
    return [_line(step, "dx", index, "dy", source, factor, 0.0, formula)]


def _source(step: Step, index: Index) -> Index:
    """Return where y's element stood in x."""
    if isinstance(step.layer, Flatten):
        places = np.unravel_index(index[1], step.x.shape[1:])
        return (index[0], *(int(place) for place in places))
    return index


def _target(step: Step, index: Index) -> Index:
    """Return where x's element stands in y."""
    if isinstance(step.layer, Flatten):
        place = np.ravel_multi_index(index[1:], step.x.shape[1:])
        return index[0], int(place)
    return index


def _factor(step: Step, index: Index) -> tuple[float, float, str]:
    """Return factor and offset of y = factor · x + offset, and how y is written."""
    layer, dtype = step.layer, step.x.dtype
    if isinstance(layer, Rescaling):
        scale, offset = float(dtype.type(layer.scale)), float(dtype.type(layer.offset))
        return scale, offset, "{} · scale"
    if isinstance(layer, Dropout) and step.training and layer.rate > 0:
        factor = float(_mask(step, layer)[index])
        return factor, 0.0, "{} / (1 − rate): kept" if factor else "0: dropped"
    if isinstance(layer, Dropout):
        return 1.0, 0.0, "{}: nothing is dropped at inference"
    return 1.0, 0.0, "{}, moved"


def _mask(step: Step, layer: Dropout) -> np.ndarray:
    """Return what dropout multiplied by: 1 / (1 − rate), or 0.

    The mask is a function of seed and step; the run has put the step's number back.
    """
    seed, before = (int(value) for value in layer.buffers["seed_state"])
    mask = np.empty_like(step.x)
    ones = np.ones(step.x.size, step.x.dtype)
    kernels.dropout(ones, mask.reshape(-1), layer.rate, seed, before + 1)
    return mask


def _line(
    step: Step,
    name: str,
    index: Index,
    source_name: str,
    source: Index,
    factor: float,
    offset: float,
    formula: str,
) -> Equation:
    arrays = {"x": step.x, "y": step.y, "dy": step.dy, "dz": step.dz, "dx": step.dx}
    result, given = arrays[name], arrays[source_name]
    assert result is not None and given is not None
    value = float(given[source])
    text = element(source_name, source, given)
    rows = [Row(text, (value,), at=source)]
    if factor != 1:
        rows = [Row(f"{text} × {factor:.7g}", (value, factor), at=source)]
    if offset:
        rows.append(Row("offset", (offset,)))
    worked_out = value * factor + offset
    exact = factor in (0, 1) and offset == 0
    size = math.fsum(abs(row.value) for row in rows)
    return Equation(
        step.layer.label,
        element(name, index, result),
        formula,
        tuple(rows),
        value=worked_out,
        computed=float(result[index]),
        tolerance=0.0 if exact else rounding(step.x.dtype, size),
        is_sum=True,
    )
