"""A penalty on what passes by."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers.layer import Layer
from scratchnet.regularizers import L1L2


class ActivityRegularization(Layer):
    """Pass the input on, and add a penalty on it to the loss.

        y = x        penalty = (l1 · ∑|x| + l2 · ∑x²) / N

    Shapes:
        x, y: (N, ...)

    Args:
        l1: factor of the absolute values, at least 0.
        l2: factor of the squares, at least 0.
        **kwargs: `Layer`'s arguments (name, dtype, input_shape).

    Reference: `keras/src/layers/regularization/activity_regularization.py`.
    """

    built_at_once = True
    operation = "activity_penalty"

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Return x."""
        self.remember(x, training=training)
        return x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Return dy; a model adds the penalty's gradient, as to any layer's output."""
        return self.check_gradient(dy, self.recall().shape)

    def lower(self, program: Any, *places: int) -> int:
        """Append nothing: the penalty on what comes out of here is added anyway."""
        return places[0]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        config = super().get_config()
        del config["activity_regularizer"]
        return {**config, "l1": self.l1, "l2": self.l2}
