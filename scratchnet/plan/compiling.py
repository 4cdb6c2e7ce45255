"""From a model, its losses and the rules to a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scratchnet.layers.layer import Layer
from scratchnet.plan import logits
from scratchnet.plan.dense_chain import dense_chain
from scratchnet.plan.in_place import in_place
from scratchnet.plan.logits import softmax_cross_entropy
from scratchnet.plan.plan import Plan
from scratchnet.plan.pooled_convolution import pooled_convolution
from scratchnet.plan.rescaling import rescaling_of_pixels
from scratchnet.plan.unneeded_gradients import no_unneeded_gradient

Rule = Callable[[Plan], None]

RULES: tuple[Rule, ...] = (
    rescaling_of_pixels,
    softmax_cross_entropy,
    pooled_convolution,
    dense_chain,
    in_place,
    no_unneeded_gradient,
)

INFERENCE_RULES: tuple[Rule, ...] = (
    rescaling_of_pixels,
    pooled_convolution,
    dense_chain,
    in_place,
)


def compiled(
    model: Layer,
    losses: Any = None,
    rules: Sequence[Rule] = (),
    *,
    whole_layers: bool = False,
) -> Plan:
    """Make a plan of a model, and apply the rules in their order.

    Args:
        model: a built model.
        losses: the loss to train on, or a list with one for each of several outputs;
            None where only the way forwards is wanted.
        rules: what to rewrite.
        whole_layers: whether each layer is one operation: the model as it is written.
    """
    plan = Plan(model, losses, whole_layers=whole_layers)
    lowered = Plan(model).program if whole_layers else plan.program
    needing = [
        which
        for which, head in enumerate(plan.heads)
        if logits.needs_logits(lowered, head.loss, which)
    ]
    for which in needing:
        logits.warn_of_from_logits(lowered, plan.heads[which].loss, which)
    if whole_layers and needing:
        ends = [lowered.layers[lowered.outputs[which]] for which in needing]
        plan = Plan(model, losses, whole_layers=True, divided=ends)
    for which in needing:
        logits.start_from_logits(plan, which)
    for rule in rules:
        rule(plan)
    plan.arrange()
    return plan
