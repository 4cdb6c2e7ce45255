"""The rectified linear unit as a layer."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.activation import Activation
from scratchnet.layers.layer import Layer


@keras_signature
class ReLU(Activation):
    """y = max(x, 0); the gradient passes where y > 0.

    Shapes:
        x, y: any shape

    Args:
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Reference: `keras/src/layers/activations/relu.py`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("relu", **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that all layers share."""
        return Layer.get_config(self)
