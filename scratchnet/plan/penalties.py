"""What a loss has beside that of the targets: penalties on weights and on outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from scratchnet.layers.activity_penalty import ActivityPenalty


class Penalties:
    """The regularizers of a model that learns, and the constraints of its weights.

    They are no operations of the program: which weights have a penalty makes no
    difference to how the layers run.

    Args:
        model: a built model.
        params: path → parameter, of all that learn.
        grads: path → its gradient.

    Reference: `keras/src/trainers/trainer.py` (compute_loss).
    """

    def __init__(
        self, model: Any, params: dict[str, np.ndarray], grads: dict[str, np.ndarray]
    ) -> None:
        self.regularized = [
            (one, params[path], grads[path])
            for path, one in model.regularizers.items()
            if path in params
        ]
        self.constrained = [
            (one, params[path])
            for path, one in model.constraints.items()
            if path in params
        ]

    def value(self, program: Any) -> float:
        """Return the sum of all penalties, for the batch that a program ran last."""
        on_outputs = sum(map(_on_outputs, program.operations))
        return on_outputs + sum(
            float(regularizer(param)) for regularizer, param, _ in self.regularized
        )

    def add_gradients(self) -> None:
        """Add those of the weights to the gradients of the loss.

        Those of the outputs are among them already.
        """
        for regularizer, param, grad in self.regularized:
            regularizer.add_gradient(param, grad)

    def constrain(self) -> None:
        """Make the weights what they are allowed to be."""
        for constraint, param in self.constrained:
            param[...] = constraint(param)


def _on_outputs(operation: Any) -> float:
    """Return the penalty on what an operation, or the layers in it, made of a batch."""
    if isinstance(operation, ActivityPenalty):
        return operation.penalty
    # A model with a forward of its own runs its layers inside.
    inside = [one for one in every_part(operation) if one.activity_regularizer]
    for layer in inside:
        if layer.activity_penalty is None:
            raise NotImplementedError(
                f"{operation.label}: its forward runs {layer.label} without "
                "the activity_regularizer; call super().forward(x, "
                "training=training), or give the regularizer to a layer outside"
            )
    return sum(float(layer.activity_penalty) for layer in inside)


def every_part(layer: Any) -> Iterator[Any]:
    """Yield the layers that a model is made of, and those in them."""
    if getattr(layer, "nodes", ()):
        for one in layer.layers:
            yield one
            yield from every_part(one)
