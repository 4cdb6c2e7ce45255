"""Softmax as a layer."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.activation import Activation
from scratchnet.layers.layer import Layer


@keras_signature
class Softmax(Activation):
    """y_i = exp(x_i) / ∑_j exp(x_j) over the last axis.

    Shapes:
        x, y: (..., C)

    Args:
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Reference: `keras/src/layers/activations/softmax.py`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("softmax", **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that all layers share."""
        return Layer.get_config(self)
