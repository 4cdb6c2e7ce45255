"""Batch normalisation, one element at a time.

The derivation of the gradient is in `kernels/batch_normalization/__init__.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from scratchnet import kernels
from scratchnet.explain.equation import (
    Equation,
    Index,
    Row,
    channel_rows,
    element,
    rounding,
    total,
    total_of,
)
from scratchnet.inspection.passes import Step


@dataclass(frozen=True)
class _Channel:
    """What normalises a channel."""

    count: int
    of_batch: bool
    mean: float
    variance: float
    gamma: float
    beta: float
    epsilon: float

    @property
    def inverse(self) -> float:
        """Return r = 1 / √(variance + ε)."""
        return 1 / math.sqrt(self.variance + self.epsilon)

    def normalized(self, x: float) -> float:
        """Return x̂ = (x − mean) · r."""
        return (x - self.mean) * self.inverse


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out y = gamma · (x − mean) / √(variance + ε) + beta."""
    channel, x = _channel(step, index[-1]), float(step.x[index])
    equations = _statistics(step, index[-1]) if channel.of_batch else []
    normalized = channel.normalized(x)
    source = "of the batch" if channel.of_batch else "moving"
    size = abs(channel.gamma * channel.inverse) * (abs(x) + abs(channel.mean))
    return [
        *equations,
        Equation(
            step.label,
            element("y", index, step.y),
            "gamma · (x − mean) / √(variance + epsilon) + beta",
            (
                Row(element("x", index, step.x), (x,)),
                Row("mean", (channel.mean,), mark=source),
                Row("variance", (channel.variance,), mark=source),
                Row("epsilon", (channel.epsilon,)),
                Row("gamma", (channel.gamma,)),
                Row("beta", (channel.beta,)),
                Row("(x − mean) / √(variance + epsilon)", (normalized,)),
            ),
            value=channel.gamma * normalized + channel.beta,
            computed=float(step.y[index]),
            tolerance=rounding(step.x.dtype, size + abs(channel.beta)),
        ),
    ]


def _statistics(step: Step, c: int) -> list[Equation]:
    channel, x = _channel(step, c), step.x
    label, count = step.label, channel.count
    given = [
        (element("x", (*lead, c), x), float(x[*lead, c]))
        for lead in np.ndindex(x.shape[:-1])
    ]
    share = f" × 1/{count}"
    return [
        total(
            label,
            f"mean[{c}]",
            f"mean of x over the {count} values of the channel",
            [Row(text + share, (value, 1 / count)) for text, value in given],
            channel.mean,
            x.dtype,
        ),
        total(
            label,
            f"variance[{c}]",
            "mean of (x − mean)²",
            [
                Row(f"({text} − mean)²{share}", (deviation**2, 1 / count))
                for text, value in given
                for deviation in [value - channel.mean]
            ],
            channel.variance,
            x.dtype,
        ),
    ]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out an element of dx, d_gamma or d_beta."""
    if name != "x":
        return [_parameter(step, name, index[-1])]
    channel, dy = _channel(step, index[-1]), step.dy
    scale, own = channel.gamma * channel.inverse, float(dy[index])
    text = f"gamma · r × {element('dy', index, dy)}"
    rows = [Row(text, (scale, own), at=index)]
    formula = "gamma · r · dy"
    size = abs(scale * own)
    if channel.of_batch:
        c = index[-1]
        d_beta, d_gamma = (_gradient(step, name, c) for name in ("beta", "gamma"))
        normalized = channel.normalized(float(step.x[index]))
        rows.append(Row("−gamma · r × d_beta / M", (-scale, d_beta / channel.count)))
        share = d_gamma / channel.count
        rows.append(Row("−gamma · r · x̂ × d_gamma / M", (-scale * normalized, share)))
        formula = "gamma · r · (dy − d_beta / M − x̂ · d_gamma / M)"
        spread = abs(float(step.x[index])) + abs(channel.mean)
        size += abs(scale * d_beta) / channel.count
        size += abs(scale * d_gamma) / channel.count * channel.inverse * spread
    note = f"r = 1 / √(variance + epsilon) = {channel.inverse:.7g}"
    if channel.of_batch:
        note += f", M = {channel.count}"
    equation = total_of(step, "dx", index, formula, rows, (note,))
    tolerance = rounding(dy.dtype, size, count=len(rows))
    return [replace(equation, tolerance=tolerance)]


def _parameter(step: Step, name: str, c: int) -> Equation:
    """Return d_gamma = ∑ dy · x̂, or d_beta = ∑ dy."""
    channel, x, dy = _channel(step, c), step.x, step.dy
    if name == "beta":
        return total_of(step, "d_beta", (c,), "∑ dy", channel_rows("dy", dy, c))
    rows, size = [], 0.0
    for lead in np.ndindex(dy.shape[:-1]):
        at = (*lead, c)
        value, normalized = float(dy[at]), channel.normalized(float(x[at]))
        text = f"{element('dy', at, dy)} × x̂"
        rows.append(Row(text, (value, normalized), at=at))
        size += abs(value) * channel.inverse * (abs(float(x[at])) + abs(channel.mean))
    formula = "∑ dy · (x − mean) / √(variance + epsilon)"
    equation = total_of(step, "d_gamma", (c,), formula, rows)
    tolerance = max(equation.tolerance, rounding(dy.dtype, size))
    return replace(equation, tolerance=tolerance)


def _gradient(step: Step, name: str, c: int) -> float:
    """Return d_gamma or d_beta, also of a layer that doesn't learn it."""
    if name in step.grads:
        return float(step.grads[name][c])
    channel, x, dy = _channel(step, c), step.x[..., c], step.dy
    factor = (x - channel.mean) * channel.inverse if name == "gamma" else 1.0
    return float(np.sum(dy[..., c] * factor, dtype=np.float64))


def _channel(step: Step, c: int) -> _Channel:
    layer, x = step.operation, step.x
    of_batch = step.training and layer.trainable
    mean, variance = step.buffers["moving_mean"], step.buffers["moving_variance"]
    if of_batch:
        mean, variance = np.empty_like(mean), np.empty_like(variance)
        rows = x.reshape(-1, x.shape[-1])
        kernels.batch_normalization_statistics(rows, mean, variance)
    return _Channel(
        count=x[..., c].size,
        of_batch=of_batch,
        mean=float(mean[c]),
        variance=float(variance[c]),
        gamma=float(layer.gamma_or_ones[c]),
        beta=float(layer.beta_or_zeros[c]),
        epsilon=float(x.dtype.type(layer.epsilon)),
    )
