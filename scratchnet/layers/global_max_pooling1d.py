"""Max pooling over the whole sequence."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.global_max_pooling2d import GlobalMaxPooling2D
from scratchnet.layers.on_sequences import OnSequences


@keras_signature
class GlobalMaxPooling1D(OnSequences):
    """The largest value of every channel: y[n, c] = maxᵢ x[n, i, c].

    It is a `GlobalMaxPooling2D` on images one pixel high.

    Shapes:
        x: (N, L, C), y: (N, C), or (N, 1, C) with ``keepdims``

    Args:
        keepdims: whether the dimension of steps stays, with size 1.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Reference: `keras/src/layers/pooling/global_max_pooling1d.py`.
    """

    operation = "global_max_pooling"

    def __init__(self, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.keepdims = bool(keepdims)
        self.of_images = GlobalMaxPooling2D(
            keepdims=self.keepdims, name=self.name, dtype=self.dtype
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "keepdims": self.keepdims}
