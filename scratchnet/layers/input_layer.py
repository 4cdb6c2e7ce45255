"""The declaration of a model's input."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.outside import keras_signature, refuse
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.keras_tensor import KerasTensor
from scratchnet.layers.layer import Layer


@keras_signature
class InputLayer(Layer):
    """Says what shape a model's samples have; as a layer it is the identity.

    Args:
        shape: of one sample, without the batch.
        dtype: float32 (default) or float64.
        batch_shape: shape with the batch's dimension (None) in front, instead of shape.
        name: of the layer.
        **kwargs: `Layer`'s arguments (trainable).

    Raises:
        ValueError: neither shape nor batch_shape is given, both are, or one is not a
            tuple of positive integers.

    Reference: `keras/src/layers/core/input_layer.py`.
    """

    operation = "input"

    def __init__(
        self,
        shape: Any = None,
        dtype: Any = None,
        batch_shape: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if (shape is None) == (batch_shape is None):
            raise ValueError(
                "InputLayer: expected either shape=(height, width, channels) or "
                f"batch_shape, received shape={shape!r}, batch_shape={batch_shape!r}"
            )
        if batch_shape is not None:
            refuse("InputLayer", "batch_size", batch_shape[0], None)
            shape = tuple(batch_shape[1:])
        super().__init__(name=name, dtype=dtype, input_shape=shape, **kwargs)
        self.ensure_built(self.batch_shape)

    @property
    def batch_shape(self) -> Shape:
        """The shape of a batch, with None for its size."""
        assert self.input_shape_argument is not None
        return (None, *self.input_shape_argument)

    @property
    def output(self) -> KerasTensor:
        """What layers are called on, to draw a graph from here."""
        return KerasTensor(self.batch_shape, self.dtype, self)

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

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            "name": self.name,
            "dtype": self.dtype.name,
            "batch_shape": self.batch_shape,
        }


@keras_signature
def Input(  # noqa: N802 - Keras's name
    shape: Any = None,
    dtype: Any = None,
    batch_shape: Any = None,
    name: str | None = None,
) -> KerasTensor:
    """Declare a model's input: the first entry of a `Sequential`, the start of a graph.

    Args, errors: see `InputLayer`.

    Reference: `keras/src/layers/core/input_layer.py` (Input).
    """
    layer = InputLayer(shape=shape, dtype=dtype, batch_shape=batch_shape, name=name)
    return layer.output
