"""Activation functions, one element at a time.

The derivations are in `scratchnet/activations.py` and `kernels/activations/`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from scratchnet.explain.equation import (
    Equation,
    Index,
    Row,
    element,
    rounding,
    total_of,
)
from scratchnet.inspection.passes import Step

# How y is worked out from x, and what dy is multiplied by, from y.
# Both are also given the function's numbers, such as a slope.
FUNCTIONS: dict[str, tuple[str, Callable[..., float]]] = {
    "relu": ("max({x}, 0)", lambda x: max(x, 0.0)),
    "leaky_relu": (
        "{x} if {x} > 0, else {numbers} · {x}",
        lambda x, slope: x if x > 0 else slope * x,
    ),
    "sigmoid": ("1 / (1 + e^−{x})", lambda x: _sigmoid(x)),
    "tanh": ("tanh {x}", math.tanh),
}
SLOPES: dict[str, tuple[str, Callable[..., float]]] = {
    "relu": ("{dy} if {y} > 0, else 0", lambda y: float(y > 0)),
    "leaky_relu": (
        "{dy} if {y} > 0, else {numbers} · {dy}",
        lambda y, slope: 1.0 if y > 0 else slope,
    ),
    "sigmoid": ("{dy} · {y} · (1 − {y})", lambda y: y * (1 - y)),
    "tanh": ("{dy} · (1 − {y}²)", lambda y: 1 - y * y),
}


def _input_name(step: Step) -> str:
    """Return z for what comes from a product in the same layer, else x."""
    return "x" if step.layer.operation == step.kind else "z"


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y = f(x)."""
    if step.kind == "softmax":
        return [_softmax(step, index)]
    at, x = element(_input_name(step), index, step.x), float(step.x[index])
    formula, function = FUNCTIONS[step.kind]
    numbers = step.operation.activation.numbers
    y = function(x, *numbers)
    return [
        Equation(
            step.label,
            element("y", index, step.y),
            formula.format(x=at, numbers=_said(numbers)),
            (Row(at, (x,)),),
            value=y,
            computed=float(step.y[index]),
            tolerance=0.0 if step.kind == "relu" else rounding(step.y.dtype, abs(y)),
        )
    ]


def _said(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:.7g}" for number in numbers)


def _sigmoid(x: float) -> float:
    if x < 0:
        return math.exp(x) / (1 + math.exp(x))
    return 1 / (1 + math.exp(-x))


def _softmax(step: Step, index: Index) -> Equation:
    x, name = step.x, _input_name(step)
    row = [float(value) for value in x[index[:-1]]]
    largest = max(row)
    exponentials = [math.exp(value - largest) for value in row]
    value = exponentials[index[-1]] / math.fsum(exponentials)
    # Rounding x − max shifts the exponent, by more the farther down it lies.
    shift = 1 + abs(row[index[-1]] - largest)
    every = element(name, (*index[:-1], "k"), x)  # type: ignore[arg-type]
    return Equation(
        step.label,
        element("y", index, x),
        f"e^({element(name, index, x)} − m) / ∑ₖ e^({every} − m)",
        tuple(
            Row(
                f"e^({at} − m), {at} = {row[k]:.7g}",
                (exponential,),
                mark="this one" if k == index[-1] else "",
                essential=k == index[-1],
            )
            for k, exponential in enumerate(exponentials)
            for at in [element(name, (*index[:-1], k), x)]
        ),
        value=value,
        computed=float(step.y[index]),
        tolerance=rounding(x.dtype, value * shift, count=len(row)),
        notes=(
            f"m = {largest:.7g}, the largest, so that no exponential overflows; "
            f"∑ₖ is {math.fsum(exponentials):.7g}",
        ),
    )


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx from dy and y."""
    if step.kind == "softmax":
        return [_softmax_gradient(step, index)]
    y, dy = step.y, step.dy
    own, slope = float(y[index]), float(dy[index])
    formula, function = SLOPES[step.kind]
    numbers = step.operation.activation.numbers
    above, factor = element("dy", index, y), function(own, *numbers)
    return [
        Equation(
            step.label,
            element(f"d{_input_name(step)}", index, y),
            formula.format(dy=above, y=element("y", index, y), numbers=_said(numbers)),
            (
                Row(element("y", index, y), (own,)),
                Row(f"{above} × slope", (slope, factor), at=index),
            ),
            value=slope * factor,
            computed=float(step.dx[index]),
            # 1 − y² and 1 − y lose digits where y is near 1: an absolute error.
            tolerance=0.0 if step.kind == "relu" else rounding(y.dtype, abs(slope)),
        )
    ]


def _softmax_gradient(step: Step, index: Index) -> Equation:
    y, dy = step.y, step.dy
    lead, own = index[:-1], float(y[index])
    rows = []
    for k in range(y.shape[-1]):
        at = (*lead, k)
        slope = own * (float(k == index[-1]) - float(y[at]))
        text = f"{element('dy', at, y)} × ∂{element('y', at, y)}/∂{_input_name(step)}"
        rows.append(Row(text, (float(dy[at]), slope), at=at))
    size = math.fsum(abs(float(dy[*lead, k])) for k in range(y.shape[-1])) * own
    formula = "∑ₖ dy[k] · y · ([k is this one] − y[k])"
    equation = total_of(step, "dx", index, formula, rows)
    shown = element(f"d{_input_name(step)}", index, y)
    # The kernel takes y · (dy − ∑ dy·y), whose parts cancel.
    tolerance = rounding(y.dtype, size, count=len(rows))
    return replace(equation, name=shown, tolerance=tolerance)
