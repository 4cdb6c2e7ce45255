"""A penalty on an output, one element at a time: y = x, dx = dy + ∂penalty/∂x."""

from __future__ import annotations

import numpy as np

from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y."""
    rows = [Row(element("x", index, step.x), (float(step.x[index]),))]
    return [total_of(step, "y", index, "x", rows)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx."""
    slope = np.asarray(step.operation.regularizer.gradient(step.x))[index]
    rows = [
        Row(element("dy", index, step.dy), (float(step.dy[index]),), at=index),
        Row("slope of the penalty / N", (float(slope), 1 / len(step.x))),
    ]
    return [total_of(step, "dx", index, "dy + ∂penalty/∂x", rows)]
