"""An activation function as a layer of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.layers.activated import ActivatedLayer


class Activation(ActivatedLayer):
    """Apply an activation function: y = f(x), dx = dy · f′(x).

    Shapes:
        x, y: any shape; softmax runs over the last axis

    Args:
        activation: a name (``"relu"``) or a function of `scratchnet.activations`.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: the name is unknown.

    Reference: `keras/src/layers/activations/activation.py`.
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        """Look the function up."""
        super().__init__(activation, **kwargs)

    def pre_activation(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Copy x, because the activation is applied in place."""
        z = self.empty("y", x.shape)
        np.copyto(z, x)
        self.remember(x, training=training)
        return z

    def backward_input(self, dz: np.ndarray) -> np.ndarray:
        """Return dz: z was x."""
        return dz

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "activation": self.activation.name}
