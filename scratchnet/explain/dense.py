"""A dense layer, one element at a time; derivation in `kernels/dense/__init__.py`.

Its output is called z, as in the kernels, whether or not an activation follows.
"""

from __future__ import annotations

import numpy as np

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
    x = step.x
    lead, unit = index[:-1], index[-1]
    kernel = step.operation.params["kernel"]
    rows = [
        Row(
            f"{element('x', (*lead, i), x)} × {element('kernel', (i, unit))}",
            (float(x[*lead, i]), float(kernel[i, unit])),
        )
        for i in range(len(kernel))
    ]
    formula = f"∑ᵢ x[i] · kernel[i, {unit}]" + add_bias(step, unit, rows)
    return [total_of(step, "z", index, formula, rows)]


def add_bias(step: Step, unit: int, rows: list[Row]) -> str:
    """Add the bias, if there is one, to the summands, and return its formula."""
    bias = step.operation.params.get("bias")
    if bias is None:
        return ""
    rows.append(Row(f"bias[{unit}]", (float(bias[unit]),), essential=True))
    return f" + bias[{unit}]"


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx = ∑ dz · kernel, d_kernel = ∑ x · dz or d_bias = ∑ dz."""
    x, dz = step.x, step.dy
    if name == "x":
        lead, i = index[:-1], index[-1]
        kernel = step.operation.params["kernel"]
        rows = [
            Row(
                f"{element('dz', (*lead, o), dz)} × {element('kernel', (i, o))}",
                (float(dz[*lead, o]), float(kernel[i, o])),
                at=(*lead, o),
            )
            for o in range(kernel.shape[1])
        ]
        return [total_of(step, "dx", index, f"∑ₒ dz[o] · kernel[{i}, o]", rows)]
    unit = index[-1]
    if name == "bias":
        summands = channel_rows("dz", dz, unit)
        return [total_of(step, "d_bias", index, "∑ₙ dz", summands)]
    rows = []
    for lead in np.ndindex(dz.shape[:-1]):
        at, pixel = (*lead, unit), (*lead, index[0])
        text = f"{element('x', pixel, x)} × {element('dz', at, dz)}"
        rows.append(Row(text, (float(x[pixel]), float(dz[at])), at=at))
    return [total_of(step, "d_kernel", index, "∑ₙ x · dz", rows)]
