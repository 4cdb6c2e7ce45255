"""What a training step runs: stages, and a head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet import losses
from scratchnet.layers.layer import Layer
from scratchnet.layers.rescaling import Rescaling
from scratchnet.plan.logits import (
    needs_logits,
    start_from_logits,
    warn_of_from_logits,
)
from scratchnet.plan.stages import LossHead


class Plan:
    """The stages of a training step, the head, and where differentiation ends.

    Args:
        layers: the model's layers, built.
        loss: the loss to train on; None where only `forward` is wanted.
        rules: the rewrite rules to apply, in order.
        trainable: whether the model may learn; if not, no layer does.

    Attributes:
        stages: what runs forwards, and backwards in reverse.
        head: turns the last stage's output into losses and predictions.
        learning: indices of the layers that learn.
        differentiate_from: index of the first stage whose ``backward`` runs.
        rescaling: a first layer whose work may be done while integers are cast.
        params: path → parameter, such as ``dense/kernel``, of all layers that learn.
        grads: path → its gradient.
    """

    def __init__(
        self,
        layers: list[Layer],
        loss: losses.Loss | None,
        rules: tuple[Callable[[Plan], None], ...] = (),
        *,
        trainable: bool = True,
    ) -> None:
        """Lay the plan out and rewrite it."""
        self.layers = list(layers)
        self.stages: list[Any] = list(layers)
        self.head: Any = LossHead(loss)
        self.differentiate_from = 0
        self.rescaling: Rescaling | None = None
        self.learning = [
            i for i, layer in enumerate(layers) if trainable and layer.trainable_params
        ]
        learning = [layers[i] for i in self.learning]
        self.params = {
            f"{layer.name}/{name}": param
            for layer in learning
            for name, param in layer.trainable_params.items()
        }
        self.grads = {
            f"{layer.name}/{name}": layer.grads[name]
            for layer in learning
            for name in layer.trainable_params
        }
        if self.layers and needs_logits(self.layers[-1], loss):
            warn_of_from_logits(self.layers[-1], loss)
            start_from_logits(self)
        for rule in rules:
            rule(self)

    @property
    def input_scale(self) -> float | None:
        """What integers may be multiplied with while they are cast; None: nothing."""
        layer = self.rescaling
        # A negative factor would make −0 of 0, where the layer, which adds 0, has +0.
        fits = layer is not None and layer.scale > 0 and layer.offset == 0
        return layer.scale if layer is not None and fits else None

    def forward(
        self, x: np.ndarray, *, training: bool, scaled: bool = False
    ) -> np.ndarray:
        """Run the stages; the head takes it from there.

        ``scaled``: x has gone through the first one already, see `input_scale`.
        """
        first = 1 if scaled else 0
        for layer, stage in zip(self.layers[first:], self.stages[first:], strict=True):
            x = stage.forward(layer.cast(x), training=training)
        return x

    def backward(self, dy: np.ndarray | None) -> None:
        """Run the stages in reverse, down to `differentiate_from`."""
        first = self.differentiate_from
        pairs = zip(self.layers[first:], self.stages[first:], strict=True)
        for layer, stage in reversed(list(pairs)):
            dy = stage.backward(layer.cast(dy))
