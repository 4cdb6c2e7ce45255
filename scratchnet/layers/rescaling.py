"""A fixed change of scale, such as pixels to [0, 1]."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from scratchnet.layers.data_layer import DataLayer


class Rescaling(DataLayer):
    """y = x · scale + offset, and so dx = dy · scale.

    Shapes:
        x, y: any shape

    Args:
        scale: factor; ``1/255`` turns pixels into fractions.
        offset: added after the multiplication.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: scale or offset is not a finite number.

    Reference: `keras/src/layers/preprocessing/rescaling.py`.
    """

    operation = "rescaling"
    free_output = True
    free_gradient = True

    def __init__(self, scale: float, offset: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, value in (("scale", scale), ("offset", offset)):
            if not isinstance(value, Real) or not np.isfinite(value):
                raise ValueError(
                    f"{self.label}: expected a finite number for {name}, "
                    f"received {value!r}"
                )
        self.scale, self.offset = float(scale), float(offset)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Scale and shift."""
        y = self.empty("y", x.shape)
        np.multiply(x, self.dtype.type(self.scale), out=y)
        y += self.dtype.type(self.offset)
        self.remember(x.shape, training=training)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Scale the gradient."""
        dy = self.check_gradient(dy, self.recall())
        dx = self.empty("dx", dy.shape)
        np.multiply(dy, self.dtype.type(self.scale), out=dx)
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}
