"""The slope of a function along a direction, by central differences.

With f(s) = ⟨dy, y(centre + s·direction)⟩ and a step h, the fourth-order formula

    f'(0) ≈ [8 (f(h) − f(−h)) − (f(2h) − f(−2h))] / 12h

is off by h⁴ f⁽⁵⁾ / 30. Its fourth order allows a step large enough that rounding,
ε|y| / h, stays small too: at h = 2·10⁻⁴ both are near 10⁻¹². The differences are taken
output by output, before the sum, so that outputs which do not move add no rounding.

Reference: Fornberg (1988), Generation of finite difference formulas, table 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

EPSILON = float(np.finfo(np.float64).eps)

# Rounding inside a layer (sums of products, exponentials) is larger than that of its
# output alone: a factor in hand.
ROUNDING = 32.0


@dataclass(frozen=True)
class Slope:
    """A numeric slope, and how far it can be believed.

    Attributes:
        value: the slope.
        by_sample: the part of it that each sample of the batch adds, (N,).
        rounding: bound of its rounding error.
        roughness: the largest part of it that a kink nearby could account for; for a
            smooth function it vanishes with h².
    """

    value: float
    by_sample: np.ndarray
    rounding: float
    roughness: float


def slope(
    function: Callable[[np.ndarray], np.ndarray],
    centre: np.ndarray,
    direction: np.ndarray,
    step: float,
    y: np.ndarray,
    dy: np.ndarray,
) -> Slope:
    """Differentiate ⟨dy, function(centre + s·direction)⟩ at s = 0.

    Args:
        function: maps an array like centre to one like y.
        centre: where the slope is taken.
        direction: same shape as centre.
        step: h, above.
        y: function(centre).
        dy: weights of the outputs.

    Returns:
        The slope; all of its parts are inf or NaN where the function is.
    """
    near, near_back, far, far_back = (
        function(centre + distance * step * direction) for distance in (1, -1, 2, -2)
    )
    with np.errstate(invalid="ignore", over="ignore"):
        inner, outer = near - near_back, far - far_back
        change = (8 * inner - outer) / (12 * step)
        # Both vanish for a smooth function. A kink between −2h and 2h leaves a trace
        # of at least its own error in one of them: the first is blind to a kink at 0
        # itself, the second to one at 2h/3.
        third = outer - 2 * inner
        fourth = (far - 2 * y + far_back) - 4 * (near - 2 * y + near_back)
        rough = np.abs(dy) * np.maximum(np.abs(third), np.abs(fourth)) / step
        size = np.abs(y) + np.sqrt(np.mean(y * y))
        moved = np.where(change == 0, 0.0, dy * size)
        parts = dy * change
    samples = parts.reshape(len(parts), -1).sum(axis=1) if parts.ndim else parts
    return Slope(
        value=float(parts.sum()),
        by_sample=samples,
        rounding=ROUNDING * EPSILON / step * float(np.sqrt(np.sum(moved * moved))),
        roughness=float(rough.sum()),
    )
