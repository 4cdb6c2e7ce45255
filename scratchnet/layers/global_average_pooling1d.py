"""Average pooling over the whole sequence."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.global_average_pooling2d import GlobalAveragePooling2D
from scratchnet.layers.on_sequences import OnSequences


@keras_signature
class GlobalAveragePooling1D(OnSequences):
    """The mean of every channel: y[n, c] = mean over i of x[n, i, c].

    It is a `GlobalAveragePooling2D` on images one pixel high.

    Shapes:
        x: (N, L, C), y: (N, C), or (N, 1, C) with ``keepdims``

    Args:
        keepdims: whether the averaged dimension stays, with size 1.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Reference: `keras/src/layers/pooling/global_average_pooling1d.py`.
    """

    operation = "average_pooling"
    free_output = True

    def __init__(self, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.keepdims = bool(keepdims)
        self.of_images = GlobalAveragePooling2D(
            keepdims=self.keepdims, name=self.name, dtype=self.dtype
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "keepdims": self.keepdims}
