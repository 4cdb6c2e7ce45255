"""What max and average pooling have in common."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers import windows
from scratchnet.layers.layer import Layer


@keras_signature
class Pooling2D(Layer):
    """A window of a fixed size slides over every channel and sums it up in a number.

    Args:
        pool_size: height and width of the window, one integer or two.
        strides: step between windows; None is the window's size.
        padding: ``"valid"`` or ``"same"``; padding never enters the result.
        name: see `Layer`.
        **kwargs: `Layer`'s arguments (trainable, dtype, input_shape).

    Raises:
        ValueError: a size is not a positive integer, or padding is unknown.
    """

    built_at_once = True

    def __init__(
        self,
        pool_size: int | tuple[int, int] = (2, 2),
        strides: int | tuple[int, int] | None = None,
        padding: str = "valid",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        who = self.label
        self.pool_size = arguments.pair(who, "pool_size", pool_size)
        strides = self.pool_size if strides is None else strides
        self.strides = arguments.pair(who, "strides", strides)
        self.padding = arguments.choice(who, "padding", padding, ("valid", "same"))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, OH, OW, C).

        Raises:
            ValueError: the input is not (N, H, W, C), or smaller than the window.
        """
        arguments.rank(self.label, input_shape, "(N, H, W, C)")
        plane = windows.output_plane(
            self.label, input_shape, self.pool_size, self.strides, self.padding
        )
        return (input_shape[0], *plane, input_shape[3])

    def geometry(
        self, shape: Shape
    ) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        """Return (pool_size, strides, pads) for an input's shape."""
        pads = windows.pads(shape, self.pool_size, self.strides, self.padding)
        return self.pool_size, self.strides, pads

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
        }
