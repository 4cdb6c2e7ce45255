"""What max and average pooling of sequences have in common."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.convolution import sizes
from scratchnet.layers.on_sequences import OnSequences
from scratchnet.layers.pooling2d import Pooling2D


@keras_signature
class Pooling1D(OnSequences):
    """A window of a fixed size slides along every channel of a sequence.

    Args:
        pool_size: length of the window.
        strides: step between windows; None is the window's length.
        padding: ``"valid"`` or ``"same"``; padding never enters the result.
        name: see `Layer`.
        **kwargs: `Layer`'s arguments (trainable, dtype, input_shape).

    Raises:
        ValueError: a size is not a positive integer, or padding is unknown.
    """

    pooling: type[Pooling2D]

    def __init__(
        self,
        pool_size: int = 2,
        strides: int | None = None,
        padding: str = "valid",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        who = self.label
        self.pool_size = sizes(who, "pool_size", pool_size, 1)
        step = self.pool_size if strides is None else strides
        self.strides = sizes(who, "strides", step, 1)
        self.padding = arguments.choice(who, "padding", padding, ("valid", "same"))
        self.of_images = self.pooling(
            (1, self.pool_size[0]),
            (1, self.strides[0]),
            self.padding,
            name=self.name,
            dtype=self.dtype,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
        }
