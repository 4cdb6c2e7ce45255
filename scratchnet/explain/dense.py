"""A dense layer, one element at a time; derivation in `kernels/dense/__init__.py`."""

from __future__ import annotations

import numpy as np

from scratchnet.explain import activation
from scratchnet.explain.equation import Equation, Index, Row, element, total
from scratchnet.foundation.workspace import Workspace
from scratchnet.inspection.passes import Step
from scratchnet.layers.dense import Dense


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out z = ∑ x · kernel + bias, and y from it."""
    layer, x = step.layer, step.x
    assert isinstance(layer, Dense)
    with Workspace():
        z = layer.pre_activation(x, training=False)
    lead, unit = index[:-1], index[-1]
    kernel = layer.params["kernel"]
    rows = [
        Row(
            f"{element('x', (*lead, i), x)} × {element('kernel', (i, unit))}",
            (float(x[*lead, i]), float(kernel[i, unit])),
        )
        for i in range(len(kernel))
    ]
    formula = f"∑ᵢ x[i] · kernel[i, {unit}]"
    if layer.use_bias:
        rows.append(bias_row(layer.params["bias"], unit))
        formula += f" + bias[{unit}]"
    equation = total(
        layer.label, element("z", index, z), formula, rows, z[index], z.dtype
    )
    return [equation, *activation.forward(step, z, index)]


def bias_row(bias: np.ndarray, unit: int) -> Row:
    """Return the bias as a summand."""
    return Row(element("bias", (unit,)), (float(bias[unit]),), essential=True)


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx = ∑ dz · kernel, d_kernel = ∑ x · dz or d_bias = ∑ dz."""
    layer, x, dz = step.layer, step.x, step.dz
    assert dz is not None and step.dx is not None
    if name == "x":
        lead, i = index[:-1], index[-1]
        kernel = layer.params["kernel"]
        rows = [
            Row(
                f"{element('dz', (*lead, o), dz)} × {element('kernel', (i, o))}",
                (float(dz[*lead, o]), float(kernel[i, o])),
                at=(*lead, o),
            )
            for o in range(kernel.shape[1])
        ]
        formula, computed = f"∑ₒ dz[o] · kernel[{i}, o]", step.dx[index]
        shown = element("dx", index, x)
        return [total(layer.label, shown, formula, rows, computed, x.dtype)]
    unit = index[-1]
    rows = []
    for lead in np.ndindex(dz.shape[:-1]):
        at = (*lead, unit)
        d_text, d_value = element("dz", at, dz), float(dz[at])
        if name == "bias":
            rows.append(Row(d_text, (d_value,), at=at))
        else:
            pixel = (*lead, index[0])
            text = f"{element('x', pixel, x)} × {d_text}"
            rows.append(Row(text, (float(x[pixel]), d_value), at=at))
    formula = "∑ₙ dz" if name == "bias" else "∑ₙ x · dz"
    shown, computed = element(f"d_{name}", index), step.grads[name][index]
    return [total(layer.label, shown, formula, rows, computed, x.dtype)]
