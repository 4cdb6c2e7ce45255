"""Pooling, one element at a time; derivations in `kernels/pooling/`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from scratchnet.explain.convolution import window
from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step
from scratchnet.layers.convolution import as_images


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out the maximum or the mean of a window."""
    x, pixels = step.x, _pixels(step, index)
    if step.kind == "average_pooling":
        share = 1 / len(pixels)
        rows = [
            Row(f"{element('x', at, x)} × 1/{len(pixels)}", (float(x[at]), share))
            for at in pixels
        ]
        formula = f"mean over the {len(pixels)} pixels of the window"
        return [total_of(step, "y", index, formula, rows)]
    winner = _winner(x, pixels)
    marks = {winner: "the maximum"}
    given = tuple(
        Row(element("x", at, x), (float(x[at]),), mark=marks.get(at, ""))
        for at in pixels
    )
    return [
        Equation(
            step.label,
            element("y", index, step.y),
            f"max over the {len(pixels)} pixels of the window",
            given,
            value=float(x[winner]),
            computed=float(step.y[index]),
            tolerance=0.0,
        )
    ]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out what a pixel collects from the windows that it lies in."""
    x, dy = step.x, step.dy
    rows = []
    for at in _windows_around(step, index):
        pixels = _pixels(step, at)
        text, value = element("dy", at, dy), float(dy[at])
        said, share = f"1/{len(pixels)}", 1 / len(pixels)
        if step.kind == "max_pooling":
            said, share = "[is the maximum]", float(_winner(x, pixels) == index)
        rows.append(Row(f"{text} × {said}", (value, share), at=at))
    formula = "∑ dy · share, over the windows that the pixel lies in"
    return [total_of(step, "dx", index, formula, rows)]


def _winner(x: np.ndarray, pixels: list[Index]) -> Index:
    """Return the first of the largest pixels, in the order of rows and columns."""
    return max(pixels, key=lambda at: float(x[at]))


def _pixels(step: Step, index: Index) -> list[Index]:
    """Return the pixels of an output's window, in the order of rows and columns."""
    n, *plane, c = index
    x, (oh, ow) = as_images(step.x), _on_plane(plane)
    places = window(x, oh, ow, *_geometry(step))
    return [(n, *(h, w)[4 - step.x.ndim :], c) for _, _, h, w in places]


def _windows_around(step: Step, index: Index) -> Iterator[Index]:
    """Yield the outputs whose windows a pixel lies in."""
    n, *place, c = index
    h, w = _on_plane(place)
    size, strides, pads = _geometry(step)
    plane = step.y.shape[1:-1]
    for at in np.ndindex(plane):
        oh, ow = _on_plane(at)
        inside = 0 <= h + pads[0] - oh * strides[0] < size[0]
        if inside and 0 <= w + pads[1] - ow * strides[1] < size[1]:
            yield (n, *at, c)


def _geometry(step: Step) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Return the windows' size, strides and padding; global pooling has one window."""
    shape = as_images(step.x).shape
    layer = getattr(step.operation, "of_images", step.operation)
    if hasattr(layer, "geometry"):
        return layer.geometry(shape)
    return shape[1:3], (1, 1), (0, 0)


def _on_plane(place: Sequence[int]) -> tuple[int, int]:
    """Return (row, column) of a pixel, of a sequence's step, or of all in one."""
    row, column = (0, 0, *place)[-2:]
    return row, column
