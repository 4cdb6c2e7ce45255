"""Layers that move elements, repeat them or mix them by fixed weights, one at a time.

They are linear and learn nothing: y[i] = ∑ⱼ w[i, j] · x[j]. The weights of one y are
the gradient of that y, which the layer's ``backward`` tells; and those of one x are
what ``forward`` makes of that x alone.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np

from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Say which of x's elements y's is made of."""
    layer, x = copy.copy(step.operation), step.x
    layer.forward(x[index[0]][np.newaxis], training=True)
    weights = layer.backward(_one(step.y, index))[0]
    rows = list(_rows("x", x, weights, index[0]))
    return [total_of(step, "y", index, _formula("x", rows), rows)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Say which of y's elements x's is a part of."""
    layer, dy = copy.copy(step.operation), step.dy
    weights = layer.forward(_one(step.x, index), training=False)[0]
    rows = list(_rows("dy", dy, weights, index[0]))
    return [total_of(step, "dx", index, _formula("dy", rows), rows)]


def _one(like: np.ndarray, index: Index) -> np.ndarray:
    """Return a sample that is 1 at the index, and 0 elsewhere."""
    sample = np.zeros((1, *like.shape[1:]), like.dtype)
    sample[0, *index[1:]] = 1
    return sample


def _rows(name: str, array: np.ndarray, weights: np.ndarray, n: int) -> Iterator[Row]:
    for place in np.argwhere(weights):
        at = n, *map(int, place)
        text, value, weight = element(name, at, array), array[at], weights[*place]
        if weight == 1:
            yield Row(text, (float(value),), at=at)
        else:
            yield Row(f"{text} × weight", (float(value), float(weight)), at=at)


def _formula(name: str, rows: list[Row]) -> str:
    if not rows:
        return "0: there is nothing that it is made of"
    return f"{name}, moved" if len(rows) == 1 else f"∑ {name} · weight"
