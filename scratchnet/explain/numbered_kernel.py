"""Convolutions of any kind, one element at a time; their output is called z.

A number of x and one of z have at most one weight between them. Which it is, the layer
itself tells: with the numbers 1, 2, … as its kernel, what it hands from z to x, or from
x to z, is the number of that weight, or 0. So the sums are written out without a word
on windows, gaps and groups.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from scratchnet.explain.dense import add_bias
from scratchnet.explain.equation import (
    Equation,
    Index,
    Row,
    channel_rows,
    element,
    total_of,
)
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out z = ∑ x · kernel + bias."""
    x, layer = step.x, _with_kernel(step, None)
    layer.forward(np.zeros((1, *x.shape[1:])), training=True)
    rows = _products(step, "x", x, layer.backward(_one(step.y, index)), index[0])
    formula = "∑ x · kernel" + add_bias(step, index[-1], rows)
    return [total_of(step, "z", index, formula, rows)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out an element of dx, d_kernel or d_bias, all of them sums over dz."""
    dz = step.dy
    if name == "x":
        layer = _with_kernel(step, None)
        links = layer.forward(_one(step.x, index), training=False)
        rows = _products(step, "dz", dz, links, index[0])
        return [total_of(step, "dx", index, "∑ dz · kernel", rows)]
    if name != "bias":
        rows, formula = _meetings(step, index), "∑ x · dz, where they meet"
        return [total_of(step, f"d_{name}", index, formula, rows)]
    rows = list(channel_rows("dz", dz, index[0]))
    return [total_of(step, "d_bias", index, f"∑ dz[…, {index[0]}]", rows)]


def _with_kernel(step: Step, index: Index | None) -> Any:
    """Return the layer without bias, its kernel numbered, or 1 at the index alone."""
    layer, kernel = copy.copy(step.operation), step.operation.own_kernel
    numbers = np.arange(1.0, kernel.size + 1).reshape(kernel.shape)
    if index is not None:
        numbers = (numbers == numbers[index]).astype(np.float64)
    layer.dtype, layer.use_bias = np.dtype(np.float64), False
    layer.params = {layer.kernel_name: numbers}
    layer.grads = {layer.kernel_name: np.zeros_like(numbers)}
    layer._no_bias = np.zeros(len(layer._no_bias))
    return layer


def _one(like: np.ndarray, index: Index) -> np.ndarray:
    """Return a sample that is 1 at the index, and 0 elsewhere."""
    sample = np.zeros((1, *like.shape[1:]))
    sample[0, *index[1:]] = 1
    return sample


def _products(
    step: Step, name: str, array: np.ndarray, links: np.ndarray, n: int
) -> list[Row]:
    """Return what of an array is multiplied with which weight."""
    kernel, rows = step.operation.own_kernel, []
    for place in np.argwhere(links[0]):
        at = n, *map(int, place)
        number = int(links[0, *place]) - 1
        weight = tuple(map(int, np.unravel_index(number, kernel.shape)))
        text = f"{element(name, at, array)} × {element('kernel', weight)}"
        factors = float(array[at]), float(kernel[weight])
        rows.append(Row(text, factors, at=at))
    return rows


def _meetings(step: Step, index: Index) -> list[Row]:
    """Return the pairs of x and dz that one weight lies between."""
    x, dz, layer = step.x, step.dy, _with_kernel(step, index)
    numbers = np.arange(1.0, x[0].size + 1).reshape(1, *x.shape[1:])
    links, rows = layer.forward(numbers, training=False)[0], []
    for n in range(len(x)):
        for place in np.argwhere(links):
            at = n, *map(int, place)
            number = int(links[*place]) - 1
            of_x = n, *map(int, np.unravel_index(number, x.shape[1:]))
            text = f"{element('x', of_x, x)} × {element('dz', at, dz)}"
            rows.append(Row(text, (float(x[of_x]), float(dz[at])), at=at))
    return rows
