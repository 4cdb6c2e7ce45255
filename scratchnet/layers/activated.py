"""Layers that end in an activation function."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import activations
from scratchnet.layers.layer import Layer


class ActivatedLayer(Layer):
    """A layer y = activation(z), z a function of x and the parameters.

    A subclass writes `pre_activation`, `backward_params` and `backward_input`. They
    are apart because not every step needs all of them: the first layer of a model
    has no use for an input gradient, and a softmax before a cross-entropy is
    differentiated together with it (`scratchnet/plan`).
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        """Look the activation up."""
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self._activated: np.ndarray | None = None

    def pre_activation(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute z, in an array of this layer's own; remember x when training."""
        raise NotImplementedError

    def backward_params(self, dz: np.ndarray) -> None:
        """Overwrite `grads`, given ∂loss/∂z."""

    def backward_input(self, dz: np.ndarray) -> np.ndarray:
        """Return ∂loss/∂x, given ∂loss/∂z."""
        raise NotImplementedError

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute y = activation(z)."""
        z = self.pre_activation(x, training=training)
        self.activation.forward(z, z)
        if training:
            self._activated = z
        return z

    def take_over(self, x: np.ndarray, y: np.ndarray) -> None:
        """Remember a forward pass that was computed elsewhere, for ``backward``."""
        self.remember(x, training=True)
        self._activated = y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Compute the gradients of the parameters and return that of the input."""
        dz = self.backward_activation(dy)
        self.backward_params(dz)
        return self.backward_input(dz)

    def backward_activation(self, dy: np.ndarray) -> np.ndarray:
        """Return ∂loss/∂z, given dy = ∂loss/∂y."""
        self.recall()
        assert self._activated is not None
        dy = self.check_gradient(dy, self._activated.shape)
        if self.activation is activations.linear:
            return dy
        dz = self.empty("dz", dy.shape)
        self.activation.backward(self._activated, dy, dz)
        return dz
