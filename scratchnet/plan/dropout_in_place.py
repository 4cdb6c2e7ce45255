"""Dropout that needs no array of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scratchnet.layers.batch_normalization import BatchNormalization
from scratchnet.layers.dropout import Dropout
from scratchnet.layers.max_pooling2d import MaxPooling2D
from scratchnet.layers.weighted import WeightedLayer
from scratchnet.plan.stages import Done, is_own

if TYPE_CHECKING:
    from scratchnet.plan.plan import Plan


def dropout_in_place(plan: Plan) -> None:
    """Let dropout write over arrays that nobody reads again; the same bits.

    That is its input, where it comes from a convolution with its pooling or from batch
    normalisation, whose backward passes don't look at their outputs; and the gradient
    that it is handed, where a layer with weights made it (others may hand on one that
    they were given).
    """
    layers = plan.layers
    for at, layer in enumerate(layers):
        if not (isinstance(layer, Dropout) and is_own(layer)):
            continue
        before = plan.stages[at - 1] if at > 0 else None
        forward = isinstance(before, BatchNormalization) and is_own(before)
        if isinstance(before, Done):
            forward = isinstance(layers[at - 1], MaxPooling2D)
        after = layers[at + 1] if at + 1 < len(layers) else None
        makes = isinstance(after, WeightedLayer | BatchNormalization)
        backward = after is not None and makes and is_own(after)
        plan.stages[at] = DropoutInPlace(layer, forward=forward, backward=backward)


class DropoutInPlace:
    """Dropout that writes over its input, over the gradient, or both."""

    def __init__(self, layer: Dropout, *, forward: bool, backward: bool) -> None:
        """Keep the layer, and what it may write over."""
        self._layer, self._forward, self._backward = layer, forward, backward

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Drop elements of x, in place if that is allowed."""
        if self._forward and training and self._layer.rate > 0:
            return self._layer.drop(x, x)
        return self._layer.forward(x, training=training)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Drop the same elements of the gradient, in place if that is allowed."""
        if self._backward:
            return self._layer.drop_gradient(dy, dy)
        return self._layer.backward(dy)
