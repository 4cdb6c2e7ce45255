"""A backward pass that ends where nothing learns any more."""

from __future__ import annotations

from scratchnet.plan.plan import Plan


def no_unneeded_gradient(plan: Plan) -> None:
    """Compute no gradient that no parameter needs; the same bits without it.

    An operation with nothing to learn at it or before it has no way back, and one that
    reads only from such operations leaves out the gradients of its inputs.
    """
    plan.differentiated = plan.program.needed(plan.params.values())
