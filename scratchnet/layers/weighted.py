"""Layers that end in a kernel, a bias and an activation function."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import initializers
from scratchnet.layers.activated import ActivatedLayer


class WeightedLayer(ActivatedLayer):
    """A layer y = activation(x ∘ kernel + bias), ∘ being a product of some kind.

    The last dimension of the kernel is that of the outputs, and the bias's only one.
    """

    weight_names = ("kernel", "bias")

    def __init__(
        self,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        bias_initializer: Any,
        **kwargs: Any,
    ) -> None:
        """Keep what says how the weights begin."""
        super().__init__(activation, **kwargs)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def add_kernel(self, shape: tuple[int, ...], rng: np.random.Generator) -> None:
        """Allocate the kernel and, if there is one, the bias."""
        self.add_param("kernel", self.kernel_initializer(shape, self.dtype, rng))
        if self.use_bias:
            bias = self.bias_initializer(shape[-1:], self.dtype, rng)
            self.add_param("bias", bias)
        self._zeros = np.zeros(shape[-1], self.dtype)

    @property
    def bias(self) -> np.ndarray:
        """The bias; zeros if there is none to learn."""
        return self.params["bias"] if self.use_bias else self._zeros

    def gradient_arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Where d_kernel and d_bias go; what is not learnt goes to a spare array."""
        spare = self.empty("d_bias", self._zeros.shape)
        return self.grads["kernel"], self.grads.get("bias", spare)
