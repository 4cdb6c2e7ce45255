"""Pixels that are scaled while they are gathered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scratchnet.layers.rescaling import Rescaling
from scratchnet.plan.stages import is_own

if TYPE_CHECKING:
    from scratchnet.plan.plan import Plan


def rescaling_of_pixels(plan: Plan) -> None:
    """Scale integers while they are gathered and cast; the same bits.

    For a model that begins with a `Rescaling` by a positive factor, without an offset.
    It has no parameter, so that with `nothing_before_the_first_parameter` its backward
    pass, for which nothing is kept, never runs.
    """
    first = plan.layers[0] if plan.layers else None
    if isinstance(first, Rescaling) and is_own(first):
        plan.rescaling = first
