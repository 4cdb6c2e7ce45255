"""A layer that does nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers.layer import Layer


class Identity(Layer):
    """Pass the input on: for a shortcut that is sometimes a layer.

        y = x

    Shapes:
        x, y: (N, ...)

    Args:
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Reference: `keras/src/layers/core/identity.py`.
    """

    built_at_once = True
    operation = "identity"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Return x."""
        self.remember(x.shape, training=training)
        return x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Return dy."""
        return self.check_gradient(dy, self.recall())

    def lower(self, program: Any, *places: int) -> int:
        """Append nothing."""
        return places[0]
