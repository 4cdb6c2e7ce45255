"""The rectified linear unit as a layer."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.subset import refuse
from scratchnet.layers.activation import Activation
from scratchnet.layers.layer import Layer


class ReLU(Activation):
    """y = max(x, 0); the gradient passes where y > 0.

    Shapes:
        x, y: any shape

    Args:
        max_value: outside the subset.
        negative_slope: outside the subset beyond 0.
        threshold: outside the subset beyond 0.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Reference: `keras/src/layers/activations/relu.py`.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        """Check the arguments."""
        super().__init__("relu", **kwargs)
        refuse(
            self.label,
            max_value=(max_value, None),
            negative_slope=(float(negative_slope or 0), 0.0),
            threshold=(float(threshold or 0), 0.0),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that all layers share."""
        return Layer.get_config(self)
