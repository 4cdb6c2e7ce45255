"""A moved image, one element at a time: a sum of pixels, by how near they are.

    y[i, j, c] = ∑ weight · x[row, column, c] (+ weight · fill value outside of it)
    dx[row, column, c] = ∑ weight · dy[i, j, c]

The weights depend on the places alone, and are worked out in float64 by the kernel
`reference`: on the way back they are the gradient of one element of y, and on the way
forwards what becomes of an image that is 1 at one element and 0 elsewhere.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y as a sum over pixels of x."""
    layer, steps = _again(step)
    if not steps:
        row = Row(element("x", index, step.x), (float(step.x[index]),))
        return [total_of(step, "y", index, "x: nothing is moved", [row])]
    with kernels.rung("reference"):
        weights = layer.hand_back(_one(step.y, index), step.x.shape, steps)
        filled = layer.apply(np.zeros(step.x.shape), steps)[index]
    rows = _rows("x", step.x, weights)
    if filled:
        fill = steps[-1].fill_value or 1.0
        weight = float(filled) / fill
        rows.append(Row(f"fill value × {weight:.7g}", (fill, weight)))
    return [total_of(step, "y", index, "∑ weight · x", rows)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx as a sum over pixels of dy."""
    layer, steps = _again(step)
    if not steps:
        row = Row(element("dy", index, step.dy), (float(step.dy[index]),), at=index)
        return [total_of(step, "dx", index, "dy: nothing is moved", [row])]
    unfilled = [one._replace(fill_value=0.0) for one in steps]
    with kernels.rung("reference"):
        weights = layer.apply(_one(step.x, index), unfilled)
    rows = _rows("dy", step.dy, weights)
    return [total_of(step, "dx", index, "∑ weight · dy", rows)]


def _again(step: Step) -> tuple[Any, list[Any]]:
    """Return the layer in float64 as it was before the step, and what it did then."""
    layer = copy.copy(step.operation)
    layer.dtype = np.dtype(np.float64)
    layer.buffers = {name: own.copy() for name, own in step.buffers.items()}
    rounded = step.x.dtype.type
    return layer, [
        one._replace(fill_value=float(rounded(one.fill_value)))
        for one in layer.transforms(step.x.shape, step.training)
    ]


def _one(like: np.ndarray, index: Index) -> np.ndarray:
    found = np.zeros(like.shape)
    found[index] = 1
    return found


def _rows(name: str, array: np.ndarray, weights: np.ndarray) -> list[Row]:
    rows = []
    for place in np.argwhere(weights):
        at = tuple(int(i) for i in place)
        weight = float(weights[at])
        text = f"{element(name, at, array)} × {weight:.7g}"
        rows.append(Row(text, (float(array[at]), weight), at=at))
    return rows
