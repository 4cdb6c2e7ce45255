"""Activation functions, one element at a time: y from z, and dz from dy.

The derivations are in `scratchnet/activations.py` and `kernels/activations/`.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from scratchnet import activations
from scratchnet.explain.equation import Equation, Index, Row, element, rounding, total
from scratchnet.inspection.passes import Step
from scratchnet.layers.activation import Activation as ActivatedLayer

FORMULAS = {
    "relu": "max({z}, 0)",
    "sigmoid": "1 / (1 + e^−{z})",
    "tanh": "tanh {z}",
}
SLOPES = {
    "relu": "{dy} if {y} > 0, else 0",
    "sigmoid": "{dy} · {y} · (1 − {y})",
    "tanh": "{dy} · (1 − {y}²)",
}


def function_of(step: Step) -> activations.ActivationFunction:
    """Return the activation that a layer ends in; linear for one that has none."""
    if isinstance(step.layer, ActivatedLayer):
        return step.layer.activation
    return activations.linear


def forward(step: Step, z: np.ndarray, index: Index, name: str = "z") -> list[Equation]:
    """Work out y from z; nothing where the activation is linear.

    Args:
        step: the layer's part in the run.
        z: what the activation was given.
        index: of the element, the sample first.
        name: what z is called.
    """
    function = function_of(step)
    if function is activations.linear:
        return []
    if function is activations.softmax:
        return [_softmax(step, z, index, name)]
    at = element(name, index, z)
    value, given = float(z[index]), (Row(at, (float(z[index]),)),)
    worked_out = {
        "relu": lambda: max(value, 0.0),
        "sigmoid": lambda: _sigmoid(value),
        "tanh": lambda: math.tanh(value),
    }[function.name]()
    exact = function is activations.relu
    return [
        Equation(
            step.layer.label,
            element("y", index, z),
            FORMULAS[function.name].format(z=at),
            given,
            value=worked_out,
            computed=float(step.y[index]),
            tolerance=0.0 if exact else rounding(z.dtype, abs(worked_out)),
        )
    ]


def _sigmoid(z: float) -> float:
    if z < 0:
        return math.exp(z) / (1 + math.exp(z))
    return 1 / (1 + math.exp(-z))


def _softmax(step: Step, z: np.ndarray, index: Index, name: str) -> Equation:
    row = [float(value) for value in z[index[:-1]]]
    largest = max(row)
    exponentials = [math.exp(value - largest) for value in row]
    value = exponentials[index[-1]] / math.fsum(exponentials)
    # Rounding z − max shifts the exponent, by more the farther down it lies.
    shift = 1 + abs(row[index[-1]] - largest)
    every = element(name, (*index[:-1], "k"), z)  # type: ignore[arg-type]
    return Equation(
        step.layer.label,
        element("y", index, z),
        f"e^({element(name, index, z)} − m) / ∑ₖ e^({every} − m)",
        tuple(
            Row(
                f"e^({at} − m), {at} = {row[k]:.7g}",
                (exponential,),
                mark="this one" if k == index[-1] else "",
                essential=k == index[-1],
            )
            for k, exponential in enumerate(exponentials)
            for at in [element(name, (*index[:-1], k), z)]
        ),
        value=value,
        computed=float(step.y[index]),
        tolerance=rounding(z.dtype, value * shift, count=len(row)),
        notes=(
            f"m = {largest:.7g}, the largest, so that no exponential overflows; "
            f"∑ₖ is {math.fsum(exponentials):.7g}",
        ),
    )


def backward(step: Step, index: Index) -> list[Equation]:
    """Work out dz from dy; nothing where the activation is linear."""
    function, y, dy, dz = function_of(step), step.y, step.dy, step.dz
    if function is activations.linear or dy is None or dz is None:
        return []
    name, own, slope = element("dz", index, y), float(y[index]), float(dy[index])
    if function is activations.softmax:
        return [_softmax_backward(step, index)]
    formula = SLOPES[function.name].format(
        dy=element("dy", index, y), y=element("y", index, y)
    )
    factor = {
        "relu": float(own > 0),
        "sigmoid": own * (1 - own),
        "tanh": 1 - own * own,
    }[function.name]
    return [
        Equation(
            step.layer.label,
            name,
            formula,
            (
                Row(element("y", index, y), (own,)),
                Row(f"{element('dy', index, y)} × slope", (slope, factor), at=index),
            ),
            value=slope * factor,
            computed=float(dz[index]),
            # 1 − y² and 1 − y lose digits where y is near 1: an absolute error.
            tolerance=0.0
            if function is activations.relu
            else rounding(y.dtype, abs(slope)),
        )
    ]


def _softmax_backward(step: Step, index: Index) -> Equation:
    y, dy, dz = step.y, step.dy, step.dz
    assert dy is not None and dz is not None
    lead, own = index[:-1], float(y[index])
    rows = []
    for k in range(y.shape[-1]):
        at = (*lead, k)
        slope = own * (float(k == index[-1]) - float(y[at]))
        text = f"{element('dy', at, y)} × ∂{element('y', at, y)}/∂z"
        rows.append(Row(text, (float(dy[at]), slope), at=at))
    size = math.fsum(abs(float(dy[*lead, k])) for k in range(y.shape[-1])) * own
    equation = total(
        step.layer.label,
        element("dz", index, y),
        "∑ₖ dy[k] · y · ([k is this one] − y[k])",
        rows,
        float(dz[index]),
        y.dtype,
    )
    # The kernel takes y · (dy − ∑ dy·y), whose parts cancel.
    tolerance = rounding(y.dtype, size, count=len(rows))
    return replace(equation, tolerance=tolerance)
