"""Activation functions, one element at a time.

The derivations are in `kernels/activations/`.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from scratchnet import kernels
from scratchnet.explain.equation import (
    Equation,
    Index,
    Row,
    element,
    rounding,
    total_of,
)
from scratchnet.inspection.passes import Step

# How y is worked out from x, and what dy is multiplied by, from y. All others are
# formulas of `kernels/activations/elementwise.py`.
FUNCTIONS: dict[str, tuple[str, Callable[..., float]]] = {
    "relu": ("max(x, 0)", lambda x: max(x, 0.0)),
}
SLOPES: dict[str, tuple[str, Callable[..., float]]] = {
    "relu": ("1 if y > 0, else 0", lambda y: float(y > 0)),
}


def _worked_out(step: Step, which: int, at: str, value: float) -> tuple[str, float]:
    """Return an element of y, or the slope there, as text and as a number.

    Args:
        step: the operation.
        which: 0 for y, 1 for the slope.
        at: how what it is computed from is called.
        value: what that is.
    """
    known = (FUNCTIONS, SLOPES)[which].get(step.kind)
    if known is not None:
        text, function = known
        return re.sub(r"\b[xy]\b", at, text), function(value)
    formula = kernels.FORMULAS[step.kind][which]
    of, *names = inspect.signature(formula).parameters
    numbers = step.operation.activation.numbers
    said = {of: at, **{n: f"{v:.7g}" for n, v in zip(names, numbers, strict=True)}}
    _, text = str(formula.__doc__).split(" = ", 1)
    pattern = r"\b(" + "|".join(said) + r")\b"
    with np.errstate(over="ignore"):
        result = float(formula(np.float64(value), *numbers))
    return re.sub(pattern, lambda found: said[found[1]], text.rstrip(".")), result


def _input_name(step: Step) -> str:
    """Return z for what comes from a product in the same layer, else x."""
    return "x" if step.layer.operation == step.kind else "z"


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y = f(x)."""
    if step.kind == "softmax":
        return [_softmax(step, index)]
    if step.kind == "log_softmax":
        return [_log_softmax(step, index)]
    at, x = element(_input_name(step), index, step.x), float(step.x[index])
    formula, y = _worked_out(step, 0, at, x)
    return [
        Equation(
            step.label,
            element("y", index, step.y),
            formula,
            (Row(at, (x,)),),
            value=y,
            computed=float(step.y[index]),
            tolerance=_tolerance(step, abs(x) + abs(y)),
        )
    ]


def _tolerance(step: Step, size: float) -> float:
    return 0.0 if step.kind == "relu" else rounding(step.y.dtype, size)


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
    if step.kind == "log_softmax":
        return [_log_softmax_gradient(step, index)]
    kept, name = step.y, "y"
    if step.operation.activation.needs_input:
        kept, name = step.x, _input_name(step)
    at, value = element(name, index, kept), float(kept[index])
    above, slope = element("dy", index, kept), float(step.dy[index])
    formula, factor = _worked_out(step, 1, at, value)
    # 1 − y² and 1 − y lose digits where y is near 1: an absolute error.
    size = abs(slope) * (1 + abs(factor) + abs(value))
    return [
        Equation(
            step.label,
            element(f"d{_input_name(step)}", index, kept),
            f"{above} · ({formula})",
            (
                Row(at, (value,)),
                Row(f"{above} × slope", (slope, factor), at=index),
            ),
            value=slope * factor,
            computed=float(step.dx[index]),
            tolerance=_tolerance(step, size),
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


def _log_softmax(step: Step, index: Index) -> Equation:
    x, name = step.x, _input_name(step)
    row = [float(value) for value in x[index[:-1]]]
    largest, own = max(row), row[index[-1]]
    logarithm = math.log(math.fsum(math.exp(value - largest) for value in row))
    at = element(name, index, x)
    return Equation(
        step.label,
        element("y", index, x),
        f"({at} − m) − log ∑ₖ e^({name}[k] − m)",
        (Row(f"{at} − m", (own - largest,)), Row("−log ∑ₖ", (-logarithm,))),
        value=own - largest - logarithm,
        computed=float(step.y[index]),
        tolerance=rounding(x.dtype, 1 + abs(own - largest) + logarithm, count=len(row)),
        notes=(f"m = {largest:.7g}, the largest, so that no exponential overflows",),
    )


def _log_softmax_gradient(step: Step, index: Index) -> Equation:
    y, dy = step.y, step.dy
    lead, share = index[:-1], math.exp(float(y[index]))
    rows = []
    for k in range(y.shape[-1]):
        at = (*lead, k)
        slope = float(k == index[-1]) - share
        text = f"{element('dy', at, y)} × ∂{element('y', at, y)}/∂{_input_name(step)}"
        rows.append(Row(text, (float(dy[at]), slope), at=at))
    formula = "∑ₖ dy[k] · ([k is this one] − e^y)"
    equation = total_of(step, "dx", index, formula, rows)
    return replace(equation, name=element(f"d{_input_name(step)}", index, y))
