"""Layers that join branches."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.shapes import format_shape
from scratchnet.layers.layer import Layer


class Merge(Layer):
    """The base of layers that read several inputs, and write one output.

    ``forward`` takes a list of arrays, ``backward`` returns a list of gradients, one
    for each of them.

    Reference: `keras/src/layers/merging/base_merge.py`.
    """

    def cast(self, x: Any) -> list[np.ndarray]:
        """Cast each input, if there are at least two."""
        if not isinstance(x, list | tuple) or len(x) < 2:
            raise ValueError(
                f"{self.label}: expected a list of at least two inputs, "
                f"received {type(x).__name__}"
                + (f" of {len(x)}" if isinstance(x, list | tuple) else "")
            )
        return [super(Merge, self).cast(one) for one in x]

    def shape_of(self, x: Any) -> list[Any]:
        """Return the shapes of the inputs."""
        if not isinstance(x, list | tuple) or len(x) < 2:
            self.cast(x)  # which says what is wrong
        return [one.shape for one in x]

    def open_batch(self, shape: Any) -> list[Any]:
        """Return the inputs' shapes with None for the batch's size."""
        return [super(Merge, self).open_batch(one) for one in shape]

    def check_input(self, shape: Any) -> None:
        """Compare the inputs' shapes with those that the layer was built for.

        Raises:
            ValueError: their number, a rank or a dimension differs.
        """
        expected = self.input_shape
        if expected is not None and self.open_batch(shape) != expected:
            raise ValueError(
                f"{self.label}: expected inputs "
                f"{', '.join(map(format_shape, expected))}, "
                f"received {', '.join(map(format_shape, shape))}"
            )
