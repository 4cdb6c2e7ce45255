"""Compare the gradient of one tensor with numeric slopes.

Relative error of an element, a analytic and n numeric:

    |a − n| / max(|a|, |n|, 10⁻³·rms(a), rounding / tolerance)

The last two terms keep an element that is 0, or next to it, from being compared with
its own rounding: rms(a) is over the tensor, ``rounding`` bounds the error of n itself.

Error of a direction v, |v| between 0.5 and 1.5 in every component:

    |⟨a − n, v⟩| / max(rms(a), rounding / tolerance)

It is measured against *one* typical element, not against the sum of all: else one
wrong element of a million would drown. A typical element that is wrong by 0.05 %
shows as 5·10⁻⁴ however large the tensor is. An element that is itself 500 times
smaller than is typical shows only where it is checked alone, as are all elements of
a tensor that is not too large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scratchnet.gradcheck import inputs
from scratchnet.gradcheck.differences import Slope, slope
from scratchnet.gradcheck.subject import Subject, Tensor

# Parts of the first step that are tried while a kink may lie within the step.
REFINEMENTS = (1.0, 1 / 16, 1 / 256)

# An element below this part of the typical one is compared with the typical one.
NEGLIGIBLE = 1e-3


@dataclass(frozen=True)
class Measured:
    """One slope compared with what the analytic gradient says it should be."""

    error: float
    difference: float
    slope: Slope
    kink: bool


@dataclass(frozen=True)
class Evidence:
    """All that is known about one tensor's gradient.

    Attributes:
        analytic: the gradient that ``backward`` gave.
        direction: the comparison along a dense random direction.
        elements: flat index → comparison, of the elements that were checked.
    """

    analytic: np.ndarray
    direction: Measured
    elements: dict[int, Measured]

    @property
    def kink(self) -> bool:
        """Whether some disagreement may be a kink's."""
        return any(one.kink for one in (self.direction, *self.elements.values()))


@dataclass(frozen=True)
class Comparison:
    """Compares gradients at one point of one subject.

    Attributes:
        subject: the layer under check.
        y: its output there.
        dy: the upstream gradient.
        epsilon: first step, for a tensor of rms 1.
        tolerance: relative error that must not be reached.
    """

    subject: Subject
    y: np.ndarray
    dy: np.ndarray
    epsilon: float
    tolerance: float

    def tensor(
        self,
        tensor: Tensor,
        analytic: np.ndarray,
        max_elements: int,
        rng: np.random.Generator,
    ) -> Evidence:
        """Check one tensor along a direction, then element by element.

        Args:
            tensor: which.
            analytic: its gradient from ``backward``.
            max_elements: how many elements are checked alone; of a larger tensor, so
                many are drawn, and if they agree while the direction does not, the
                wrong one is searched by halving.
            rng: source of the direction and the draw.
        """
        direction = inputs.direction(analytic.shape, rng)
        along = self._along(tensor, analytic, direction)
        indices = np.arange(analytic.size)
        if analytic.size > max_elements:
            indices = np.sort(rng.choice(indices, max_elements, replace=False))
        elements = {
            index: self._element(tensor, analytic, index) for index in indices.tolist()
        }
        worst = max((one.error for one in elements.values()), default=0.0)
        if along.error >= self.tolerance > worst:
            found = self._search(tensor, analytic, direction, along.difference)
            if found not in elements:
                elements[found] = self._element(tensor, analytic, found)
        return Evidence(analytic, along, elements)

    def _along(
        self, tensor: Tensor, analytic: np.ndarray, direction: np.ndarray
    ) -> Measured:
        expected = float(np.sum(analytic * direction))
        return self._measure(tensor, direction, expected, _rms(analytic), 0.0)

    def _element(self, tensor: Tensor, analytic: np.ndarray, index: int) -> Measured:
        direction = np.zeros(analytic.shape)
        direction.flat[index] = 1
        expected = float(analytic.flat[index])
        typical = NEGLIGIBLE * _rms(analytic)
        return self._measure(tensor, direction, expected, typical, 1.0)

    def _measure(
        self,
        tensor: Tensor,
        direction: np.ndarray,
        expected: float,
        scale: float,
        own_weight: float,
    ) -> Measured:
        """Compare one slope, with smaller steps as long as a kink may be near.

        The difference is compared with ``scale`` at least, and with ``own_weight`` (0
        or 1) times the slopes themselves.
        """
        centre = self.subject.value(tensor)
        first = self.epsilon * max(_rms(centre), 0.1)
        for refinement in REFINEMENTS:
            found = slope(
                lambda value: self.subject.forward(tensor, value),
                centre,
                direction,
                first * refinement,
                self.y,
                self.dy,
            )
            difference = expected - found.value
            if not np.isfinite(difference):
                return Measured(np.inf, difference, found, kink=False)
            own = own_weight * max(abs(expected), abs(found.value))
            floor = max(own, scale, found.rounding / self.tolerance)
            error = abs(difference) / floor if difference else 0.0
            if error < self.tolerance or abs(difference) > found.roughness:
                return Measured(error, difference, found, kink=False)
        return Measured(error, difference, found, kink=True)

    def _search(
        self,
        tensor: Tensor,
        analytic: np.ndarray,
        direction: np.ndarray,
        difference: float,
    ) -> int:
        """Find the element that makes a direction disagree, by halving.

        Each step moves along one half of the elements only, and goes on with the half
        that leaves more of the disagreement.
        """
        suspects = np.arange(analytic.size)
        while len(suspects) > 1:
            half = suspects[: len(suspects) // 2]
            part = np.zeros_like(direction)
            part.flat[half] = direction.flat[half]
            of_half = self._along(tensor, analytic, part).difference
            if abs(of_half) >= abs(difference - of_half):
                suspects, difference = half, of_half
            else:
                suspects = suspects[len(suspects) // 2 :]
                difference -= of_half
        return int(suspects[0])


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
