"""A fixed change of scale, such as pixels to [0, 1]."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from scratchnet.layers.data_layer import DataLayer


class Rescaling(DataLayer):
    """y = x · scale + offset, and so dx = dy · scale.

    Shapes:
        x, y: any shape

    Args:
        scale: factor; ``1/255`` turns pixels into fractions. A list has a factor for
            each index of the last dimension.
        offset: added after the multiplication, likewise.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: scale or offset is not a finite number, or a list of such.

    Reference: `keras/src/layers/preprocessing/rescaling.py`.
    """

    operation = "rescaling"
    free_output = True
    free_gradient = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = self._finite("scale", scale)
        self.offset = self._finite("offset", offset)

    def _finite(self, name: str, value: Any) -> Any:
        """Return a float, or a list of floats."""
        several = isinstance(value, list | tuple | np.ndarray)
        for number in np.ravel(value) if several else [value]:
            if not (isinstance(number, Real) and math.isfinite(number)):
                raise ValueError(
                    f"{self.label}: expected a finite number for {name}, "
                    f"received {value!r}"
                )
        return np.asarray(value, np.float64).tolist()

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
