"""What the layers that prepare data have in common."""

from __future__ import annotations

from typing import Any

from scratchnet.layers.layer import Layer


class DataLayer(Layer):
    """A layer that prepares data: in a model, or by hand on whatever comes.

    Called by hand it takes batches of any shape that it can work on, not only of the
    one that it met first, and runs as in training unless it is told otherwise.

    Reference: `keras/src/layers/preprocessing/data_layer.py`.
    """

    trains_by_default = True

    def check_input(self, shape: Any) -> None:
        """See that this layer can take a batch of a shape."""
        self.compute_output_shape(shape)
