"""A line of arithmetic: what goes in, what comes out, what the kernel made of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.inspection.passes import Step

Index = tuple[int, ...]

# Roundings per operation that a kernel is allowed: sums of any order, fused or not,
# and functions that are right to a few units in the last place.
ROUNDINGS = 4.0


@dataclass(frozen=True)
class Row:
    """Something that goes into an equation: a summand, or a number that is used.

    Attributes:
        text: what it is, such as ``x[5, 7, 0] × kernel[0, 0, 0, 3]``.
        factors: the numbers that are multiplied; one where nothing is.
        at: for a gradient's summand, the element of the layer's gradient that it came
            from: where the path goes on.
        mark: said beside a single number.
        essential: whether it is shown however small it is.
        followed: whether the path goes on from here.
    """

    text: str
    factors: tuple[float, ...]
    at: Index | None = None
    mark: str = ""
    essential: bool = False
    followed: bool = False

    @property
    def value(self) -> float:
        """Product of the factors, in float64."""
        return math.prod(self.factors)


@dataclass(frozen=True)
class Equation:
    """One element, worked out again from the numbers that its kernel was given.

    Attributes:
        where: the layer, as it is called in the text.
        name: the element, such as ``z[5, 7, 3]``.
        formula: what it is equal to.
        rows: the numbers in it.
        value: the result, worked out in float64.
        computed: the same element as the kernel left it.
        tolerance: how far rounding can drive the two apart.
        is_sum: whether the value is the sum of the rows.
        notes: sentences below the formula.
    """

    where: str
    name: str
    formula: str
    rows: tuple[Row, ...]
    value: float
    computed: float
    tolerance: float
    is_sum: bool = False
    notes: tuple[str, ...] = ()

    @property
    def difference(self) -> float:
        """Distance between the two results."""
        return abs(self.value - self.computed)

    @property
    def agrees(self) -> bool:
        """Whether the kernel's result is this one, within rounding."""
        if math.isnan(self.value):
            return math.isnan(self.computed)
        same = self.value == self.computed
        return same or self.difference <= self.tolerance

    @property
    def strongest(self) -> Row | None:
        """The largest summand with a way back; None where all of them are 0."""
        rows = [row for row in self.rows if row.at is not None and row.value != 0]
        return max(rows, key=lambda row: abs(row.value), default=None)


def total(
    where: str,
    name: str,
    formula: str,
    rows: Iterable[Row],
    computed: float,
    dtype: DTypeLike,
    notes: tuple[str, ...] = (),
) -> Equation:
    """Return the equation of a sum.

    A sum of K products is right to c·ε·√K·∑|products|, the roundings falling to both
    sides at random. A number that is only handed on is right to the bit.

    Args: see `Equation`; dtype is the one that the kernel computed in.
    """
    rows = tuple(rows)
    size = _sum(abs(row.value) for row in rows)
    handed_on = [len(row.factors) for row in rows] == [1]
    return Equation(
        where,
        name,
        formula,
        rows,
        value=_sum(row.value for row in rows),
        computed=float(computed),
        tolerance=0.0 if handed_on else rounding(dtype, size, count=len(rows)),
        is_sum=True,
        notes=notes,
    )


def total_of(
    step: Step,
    name: str,
    index: Index,
    formula: str,
    rows: Iterable[Row],
    notes: tuple[str, ...] = (),
) -> Equation:
    """Return the equation of a sum that an operation computed.

    Args:
        step: the operation's part in the run.
        name: ``y`` (or ``z``), ``dx`` (or ``dx1`` …) or a parameter's, ``d_kernel``.
        index: of the element, the sample first.
        formula: what it is equal to.
        rows: the summands.
        notes: sentences below the formula.
    """
    result = step.y
    if name.startswith("d"):
        gradients = {f"d{of}": dx for of, dx in step.by_input(step.dx).items()}
        gradients |= {f"d_{of}": gradient for of, gradient in step.grads.items()}
        result = gradients[name]
    shown = element(name, index, None if name.startswith("d_") else step.y)
    return total(step.label, shown, formula, rows, result[index], result.dtype, notes)


def _sum(values: Iterable[float]) -> float:
    """Return the exact sum, rounded once; NaN where infinities cancel."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return math.nan


def rounding(dtype: DTypeLike, size: float, *, count: int = 1) -> float:
    """Return how far rounding may drive a result that is a sum of ``count`` terms.

    Args:
        dtype: type that the kernel computed in.
        size: sum of the terms' absolute values.
        count: number of terms.
    """
    limits = np.finfo(np.dtype(dtype))
    # Below the smallest normal number precision is absolute.
    underflow = count * float(limits.tiny)
    return ROUNDINGS * float(limits.eps) * math.sqrt(max(count, 1)) * size + underflow


def channel_rows(name: str, array: np.ndarray, channel: int) -> Iterator[Row]:
    """Yield a gradient's elements of one channel, for a sum over all places."""
    for lead in np.ndindex(array.shape[:-1]):
        at = (*lead, channel)
        yield Row(element(name, at, array), (float(array[at]),), at=at)


def element(name: str, index: Index, array: np.ndarray | None = None) -> str:
    """Write an element; a batch of one sample has no index for the sample.

    >>> element("kernel", (0, 2)), element("x", (0, 5, 7), np.zeros((1, 9, 9)))
    ('kernel[0, 2]', 'x[5, 7]')
    """
    if array is not None and len(array) == 1:
        index = index[1:]
    return f"{name}[{', '.join(map(str, index))}]"
