"""Global max pooling, one element at a time."""

from __future__ import annotations

import numpy as np

from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out the largest pixel of a channel."""
    x, n, c = step.x, index[0], index[-1]
    place = [int(i) for i in np.unravel_index(np.argmax(x[n, ..., c]), x.shape[1:-1])]
    winner = (n, *place, c)
    rows = [
        Row(
            element("x", at, x),
            (float(x[at]),),
            mark="the maximum" if at == winner else "",
        )
        for at in ((n, *place, c) for place in np.ndindex(x.shape[1:-1]))
    ]
    return [
        Equation(
            step.label,
            element("y", index, step.y),
            f"max over the {len(rows)} pixels of the channel",
            tuple(rows),
            value=float(x[winner]),
            computed=float(step.y[index]),
            tolerance=0.0,
        )
    ]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out a pixel's share of its channel's gradient."""
    x, dy = step.x, step.dy
    n, *_, c = index
    largest = x[n, ..., c] == x[n, ..., c].max()
    count = np.count_nonzero(largest)
    share = float(x[index] == x[n, ..., c].max()) / count
    at = (n, *(0 for _ in dy.shape[1:-1]), c)
    said = f"1/{count}" if count > 1 else "1"
    text = f"{element('dy', at, dy)} × " + (said if share else "[is not the maximum]")
    row = Row(text, (float(dy[at]), share), at=at)
    return [total_of(step, "dx", index, "dy · share of the largest", [row])]
