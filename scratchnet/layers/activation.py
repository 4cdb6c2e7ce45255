"""An activation function as a layer of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import activations
from scratchnet.layers.layer import Layer


class Activation(Layer):
    """Apply an activation function: y = f(x), dx = dy · f′(x).

    Shapes:
        x, y: any shape; softmax runs over the last axis

    Args:
        activation: a name (``"relu"``) or a function of `scratchnet.activations`.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Attributes:
        overwrites_input: whether y is written over x; a plan's rule sets it where
            nobody reads x again.

    Raises:
        ValueError: the name is unknown.

    Reference: `keras/src/layers/activations/activation.py`.
    """

    built_at_once = True
    free_gradient = True
    overwrites_input = False

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    @property
    def operation(self) -> str:  # type: ignore[override]
        """What the function is in a plan."""
        return self.activation.operation

    @property
    def free_output(self) -> bool:  # type: ignore[override]
        """Whether the way back reads x, and not y."""
        return self.activation.needs_input

    @property
    def as_activation(self) -> activations.ActivationFunction:
        """The function, for a layer that is given this one as its activation."""
        return self.activation

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute y = f(x)."""
        needs_x = self.activation.needs_input
        over_x = self.overwrites_input and not (training and needs_x)
        y = x if over_x else self.empty("y", x.shape)
        self.activation.forward(x, y)
        self.remember(x if needs_x else y, training=training)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Compute dx from dy and y, or x if the function needs it."""
        kept = self.recall()
        dx = self.empty("dx", kept.shape)
        self.activation.backward(kept, self.check_gradient(dy, kept.shape), dx)
        return dx

    def lower(self, program: Any, *places: int) -> int:
        """Append itself, or nothing where the function changes nothing."""
        if self.activation is activations.linear:
            return places[0]
        return program.append(self, *places)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "activation": activations.serialize(self.activation),
        }
