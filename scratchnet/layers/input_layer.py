"""The declaration of a model's input."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.shapes import Shape
from scratchnet.foundation.subset import refuse
from scratchnet.layers.layer import Layer


class InputLayer(Layer):
    """Says what shape a model's samples have; as a layer it is the identity.

    Args:
        shape: of one sample, without the batch.
        batch_size: outside the subset.
        dtype: float32 (default) or float64.
        sparse: outside the subset.
        ragged: outside the subset.
        batch_shape: shape with the batch's dimension (None) in front, instead of shape.
        input_tensor: outside the subset.
        optional: outside the subset.
        name: of the layer.

    Raises:
        ValueError: neither shape nor batch_shape is given, both are, or one is no
            tuple of positive whole numbers.

    Reference: `keras/src/layers/core/input_layer.py`.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Check and keep the shape."""
        refuse(
            f"InputLayer {name!r}",
            batch_size=(batch_size, None),
            sparse=(sparse or None, None),
            ragged=(ragged or None, None),
            input_tensor=(input_tensor, None),
            optional=(optional, False),
        )
        if (shape is None) == (batch_shape is None):
            raise ValueError(
                "InputLayer: expected either shape=(height, width, channels) or "
                f"batch_shape, received shape={shape!r}, batch_shape={batch_shape!r}"
            )
        if batch_shape is not None:
            refuse("InputLayer", batch_size=(batch_shape[0], None))
            shape = tuple(batch_shape[1:])
        super().__init__(name=name, dtype=dtype, input_shape=shape, **kwargs)

    @property
    def batch_shape(self) -> Shape:
        """The shape of a batch, with None for its size."""
        assert self.input_shape_argument is not None
        return (None, *self.input_shape_argument)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Return x."""
        self.remember(x.shape, training=training)
        return x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Return dy."""
        return self.check_gradient(dy, self.recall())

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            "name": self.name,
            "dtype": self.dtype.name,
            "batch_shape": self.batch_shape,
        }


def Input(  # noqa: N802 - Keras's name
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> InputLayer:
    """Declare a model's input: the first entry of a `Sequential`.

    Args, errors: see `InputLayer`.

    Reference: `keras/src/layers/core/input_layer.py` (Input).
    """
    return InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
    )
