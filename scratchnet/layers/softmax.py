"""Softmax as a layer."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.subset import refuse
from scratchnet.layers.activation import Activation
from scratchnet.layers.layer import Layer


class Softmax(Activation):
    """y_i = exp(x_i) / ∑_j exp(x_j) over the last axis.

    Shapes:
        x, y: (..., C)

    Args:
        axis: outside the subset beyond the last.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Reference: `keras/src/layers/activations/softmax.py`.
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        """Check the arguments."""
        super().__init__("softmax", **kwargs)
        refuse(self.label, axis=(axis, -1))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that all layers share."""
        return Layer.get_config(self)
