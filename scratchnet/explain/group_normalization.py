"""Normalisation within a sample, one element at a time.

The derivation is in `kernels/group_normalization.py`.
"""

from __future__ import annotations

import math

import numpy as np

from scratchnet.explain.equation import Equation, Index, Row, element, total_of
from scratchnet.inspection.passes import Step


class _Group:
    """What is normalised together with an element."""

    def __init__(self, step: Step, index: Index) -> None:
        layer, x = step.operation, step.x
        ids = np.arange(x.size).reshape(x.shape)
        pixels = layer.pixels(ids)
        n, _, c = (int(i[0]) for i in np.nonzero(pixels == ids[index]))
        channels = pixels.shape[-1]
        width = channels // layer.groups_of(channels)
        first = c // width * width
        self.channel = c
        members = pixels[n, :, first : first + width]
        flat = np.unravel_index(members.reshape(-1), x.shape)
        self.members: list[Index] = list(zip(*(map(int, a) for a in flat), strict=True))
        self.channels = np.broadcast_to(np.arange(first, first + width), members.shape)
        values = np.array([float(x[at]) for at in self.members])
        self.mean = float(values.mean())
        self.r = 1 / math.sqrt(float(values.var()) + layer.epsilon)
        self.normalized = (values - self.mean) * self.r
        self.gamma, self.beta = (
            array.astype(float) for array in layer.parameters(channels)
        )


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y = gamma · x̂ + beta."""
    group, at = _Group(step, index), element("x", index, step.x)
    own = float(step.x[index])
    gamma, beta = group.gamma[group.channel], group.beta[group.channel]
    rows = [
        Row(f"gamma · r × {at}", (gamma * group.r, own)),
        Row("−gamma · r × mean", (-gamma * group.r, group.mean)),
        Row("beta", (float(beta),)),
    ]
    formula = "gamma · (x − mean) · r + beta, r = 1 / √(variance + epsilon)"
    return [total_of(step, "y", index, formula, rows)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out dx, d_gamma or d_beta."""
    if name == "x":
        return [_input_gradient(step, index)]
    x, dy, rows = step.x, step.dy, []
    shape = step.operation.params[name].shape
    channel = int(np.ravel_multi_index(index, shape))
    for at in np.ndindex(x.shape):
        group = _Group(step, at)
        if group.channel == channel:
            text, value = element("dy", at, dy), float(dy[at])
            if name == "beta":
                rows.append(Row(text, (value,), at=at))
            else:
                own = group.normalized[group.members.index(at)]
                rows.append(Row(f"{text} × x̂", (value, float(own)), at=at))
    formula = "∑ dy" if name == "beta" else "∑ dy · x̂"
    return [total_of(step, f"d_{name}", index, formula, rows)]


def _input_gradient(step: Step, index: Index) -> Equation:
    """Return dx as a sum over the group's gradients, each with its factor."""
    group, dy, rows = _Group(step, index), step.dy, []
    place, count = group.members.index(index), len(group.members)
    own = group.normalized[place]
    for at, other, channel in zip(
        group.members, group.normalized, group.channels.reshape(-1), strict=True
    ):
        factor = float(at == index) - (1 + own * other) / count
        slope = float(group.gamma[channel] * group.r * factor)
        text = f"{element('dy', at, dy)} × ∂{element('y', at, dy)}/∂x"
        rows.append(Row(text, (float(dy[at]), slope), at=at))
    formula = "∑ dy · gamma · r · ([is this one] − (1 + x̂ · x̂ of dy) / M)"
    return total_of(step, "dx", index, formula, rows)
