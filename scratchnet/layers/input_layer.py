"""The declaration of a model's input."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.keras_tensor import Call, KerasTensor
from scratchnet.layers.layer import Layer


@keras_signature
class InputLayer(Layer):
    """Says what shape a model's samples have; as a layer it is the identity.

    Args:
        shape: of one sample, without the batch.
        batch_size: of every batch; it is noted, and batches of other sizes are taken,
            too.
        dtype: float32 (default) or float64.
        batch_shape: shape with the batch's dimension in front, instead of shape.
        name: of the layer.
        **kwargs: `Layer`'s arguments (trainable); ``input_shape`` and
            ``batch_input_shape`` are Keras's old names of shape and batch_shape.

    Raises:
        ValueError: neither shape nor batch_shape is given, both are, or one is not a
            tuple of positive integers.

    Reference: `keras/src/layers/core/input_layer.py`.
    """

    operation = "input"

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        batch_shape: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        shape = kwargs.pop("input_shape", shape)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        if (shape is None) == (batch_shape is None):
            raise ValueError(
                "InputLayer: expected either shape=(height, width, channels) or "
                f"batch_shape, received shape={shape!r}, batch_shape={batch_shape!r}"
            )
        if batch_shape is not None:
            batch_size, *shape = batch_shape
        super().__init__(name=name, dtype=dtype, input_shape=shape, **kwargs)
        self.batch_size = arguments.count(self.label, "batch_size", batch_size, None)
        self.ensure_built(self.batch_shape)
        self.record([])

    @property
    def batch_shape(self) -> Shape:
        """The shape of a batch, with None for its size if that is open."""
        assert self.input_shape_argument is not None
        return (self.batch_size, *self.input_shape_argument)

    def record(self, inputs: list[KerasTensor], training: bool | None = None) -> Any:
        """Make the tensor that a graph begins at; it has the layer's name."""
        call = Call(self)
        call.outputs = (KerasTensor(self.output_shape, self.dtype, call, self.name),)
        self.calls = [call]
        return call.outputs[0]

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make a tensor for the copy, too."""
        vars(self).update(state)
        self.record([])

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
            "sparse": False,
        }


@keras_signature
def Input(  # noqa: N802 - Keras's name
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    batch_shape: Any = None,
    name: str | None = None,
) -> KerasTensor:
    """Declare a model's input: the first entry of a `Sequential`, the start of a graph.

    Args, errors: see `InputLayer`.

    Reference: `keras/src/layers/core/input_layer.py` (Input).
    """
    return InputLayer(
        shape, batch_size, dtype, batch_shape=batch_shape, name=name
    ).output
