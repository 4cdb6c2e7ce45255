"""An activation and its cross-entropy as one: the loss is taken from the logits."""

from __future__ import annotations

import warnings
from typing import Any

from scratchnet import activations, losses
from scratchnet.plan.heads import LogitsHead
from scratchnet.plan.plan import Plan
from scratchnet.plan.program import Program


def softmax_cross_entropy(plan: Plan) -> None:
    """Differentiate a final softmax, or sigmoid, and the cross-entropy as one.

    d_logits = scale · (p − t) needs no division by a probability that may be 0, and
    the loss is exact where a probability rounds to 0. Off, the probabilities are
    clipped to [10⁻⁷, 1 − 10⁻⁷]; the two agree to rounding where nothing is clipped.
    """
    for which, head in enumerate(plan.heads):
        divided = isinstance(head, LogitsHead)
        if not divided and takes_logits(plan.program, head.loss, which):
            start_from_logits(plan, which)


def start_from_logits(plan: Plan, which: int) -> None:
    """Take an output's activation off, and the loss from what it would be given."""
    last = plan.program.end_before(which)
    plan.heads[which] = LogitsHead(plan.heads[which].loss, last.activation)


def takes_logits(program: Program, loss: Any, which: int = 0) -> bool:
    """Tell whether Keras computes a loss from what an output's activation is given.

    It does so for each cross-entropy, with or without ``from_logits``, of what a
    softmax or a sigmoid makes: the activations whose input Keras remembers on
    TensorFlow. A categorical loss is then the cross-entropy of softmax(logits), also
    where the activation is a sigmoid, and a binary one that of sigmoid(logits).

    Reference: `keras/src/backend/tensorflow/nn.py` (_get_logits).
    """
    return (
        program.kinds[program.outputs[which]] in ("softmax", "sigmoid")
        and isinstance(loss, losses.Loss)
        and bool(loss.of_logits)
        and type(loss) in losses.ALL.values()
    )


def needs_logits(program: Program, loss: Any, which: int) -> bool:
    """Tell whether the loss would be another one if it were not from the logits.

    Without ``from_logits``, and after the activation that belongs to the loss, it is
    the same one, but for rounding and clipping: that is left to the rule
    `softmax_cross_entropy`.
    """
    if not takes_logits(program, loss, which):
        return False
    of_classes = isinstance(loss, losses.CategoricalCrossentropy)
    own = activations.softmax if of_classes else activations.sigmoid
    last = program.operations[program.outputs[which]]
    return loss.from_logits or last.activation is not own


def warn_of_from_logits(program: Program, loss: Any, which: int) -> None:
    """Say what Keras says of ``from_logits`` where the output is not logits."""
    if loss.from_logits:
        place = program.outputs[which]
        name, layer = program.operations[place].activation.name, program.layers[place]
        warnings.warn(
            f"{type(loss).__name__}: from_logits=True, but {layer.label} "
            f"ends in {name}, so that the model's output is not logits; the loss is "
            f"taken from what the {name} is given, as in Keras",
            stacklevel=2,
        )
