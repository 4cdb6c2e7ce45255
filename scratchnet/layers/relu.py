"""The rectified linear unit as a layer."""

from __future__ import annotations

from typing import Any

from scratchnet import activations
from scratchnet.foundation import arguments
from scratchnet.layers.activation import Activation
from scratchnet.layers.layer import Layer


class ReLU(Activation):
    """y = max(x, 0); the gradient passes where y > 0.

    With arguments, y = min(x, max_value) where x > threshold, and
    negative_slope · (x − threshold) elsewhere.

    Shapes:
        x, y: any shape

    Args:
        max_value: the largest y, at least 0; None sets no bound.
        negative_slope: slope below the threshold, at least 0.
        threshold: where x begins to pass, at least 0.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: an argument is not a number of at least 0.

    Reference: `keras/src/layers/activations/relu.py`.

    >>> ReLU(max_value=2.0, negative_slope=0.5)([[-2.0, 1.0, 3.0]])
    array([[-1.,  1.,  2.]], dtype=float32)
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        function = activations.relu.with_settings(
            max_value=max_value,
            negative_slope=negative_slope,
            threshold=arguments.non_negative("relu", "threshold", threshold),
        )
        super().__init__(function, **kwargs)
        self.max_value = function.settings["max_value"]
        self.negative_slope = function.settings["negative_slope"]
        self.threshold = function.settings["threshold"]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **Layer.get_config(self),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }
