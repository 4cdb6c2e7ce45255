"""Pooling, one element at a time; derivations in `kernels/pooling/`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scratchnet.explain.convolution import window
from scratchnet.explain.equation import Equation, Index, Row, element, total
from scratchnet.inspection.passes import Step
from scratchnet.layers.global_average_pooling2d import GlobalAveragePooling2D
from scratchnet.layers.max_pooling2d import MaxPooling2D
from scratchnet.layers.pooling2d import Pooling2D


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out the maximum or the mean of a window."""
    x, label = step.x, step.layer.label
    index_in_plane = _in_plane(step, index)
    pixels = list(_pixels(step, index_in_plane))
    shown, computed = element("y", index, step.y), float(step.y[index])
    if not isinstance(step.layer, MaxPooling2D):
        share = 1 / len(pixels)
        rows = [
            Row(f"{element('x', at, x)} × 1/{len(pixels)}", (float(x[at]), share))
            for at in pixels
        ]
        formula = f"mean over the {len(pixels)} pixels of the window"
        return [total(label, shown, formula, rows, computed, x.dtype)]
    winner = _winner(x, pixels)
    given = tuple(
        Row(
            element("x", at, x),
            (float(x[at]),),
            mark="the maximum" if at == winner else "",
        )
        for at in pixels
    )
    return [
        Equation(
            label,
            shown,
            f"max over the {len(pixels)} pixels of the window",
            given,
            value=float(x[winner]),
            computed=computed,
            tolerance=0.0,
        )
    ]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out what a pixel collects from the windows that it lies in."""
    x, dy = step.x, step.dy
    assert dy is not None and step.dx is not None
    rows = []
    for at in _windows_around(step, index):
        pixels = list(_pixels(step, _in_plane(step, at)))
        text, value = element("dy", at, dy), float(dy[at])
        if isinstance(step.layer, MaxPooling2D):
            won = float(_winner(x, pixels) == index)
            rows.append(Row(f"{text} × [is the maximum]", (value, won), at=at))
        else:
            rows.append(
                Row(f"{text} × 1/{len(pixels)}", (value, 1 / len(pixels)), at=at)
            )
    formula = "∑ dy · share, over the windows that the pixel lies in"
    shown, computed = element("dx", index, x), step.dx[index]
    return [total(step.layer.label, shown, formula, rows, computed, x.dtype)]


def _winner(x: np.ndarray, pixels: list[Index]) -> Index:
    """Return the first of the largest pixels, in the order of rows and columns."""
    return max(pixels, key=lambda at: float(x[at]))


def _in_plane(step: Step, index: Index) -> Index:
    """Return an output's index as (n, oh, ow, c), also where the plane is dropped."""
    if isinstance(step.layer, GlobalAveragePooling2D):
        return index[0], 0, 0, index[-1]
    return index


def _pixels(step: Step, index: Index) -> Iterator[Index]:
    """Yield the pixels of a window, in the order of rows and columns."""
    n, oh, ow, c = index
    for _, _, h, w in window(step.x, oh, ow, *_geometry(step)):
        yield n, h, w, c


def _windows_around(step: Step, index: Index) -> Iterator[Index]:
    """Yield the outputs whose windows a pixel lies in."""
    n, h, w, c = index
    assert step.dy is not None
    if isinstance(step.layer, GlobalAveragePooling2D):
        yield (n, *(0,) * (step.dy.ndim - 2), c)
        return
    size, strides, pads = _geometry(step)
    for oh in range(step.dy.shape[1]):
        if not 0 <= h + pads[0] - oh * strides[0] < size[0]:
            continue
        for ow in range(step.dy.shape[2]):
            if 0 <= w + pads[1] - ow * strides[1] < size[1]:
                yield n, oh, ow, c


def _geometry(step: Step) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    if isinstance(step.layer, Pooling2D):
        return step.layer.geometry(step.x.shape)
    return (step.x.shape[1], step.x.shape[2]), (1, 1), (0, 0)
