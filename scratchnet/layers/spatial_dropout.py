"""The base of spatial dropout in one dimension and two."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.dropout import Dropout


class SpatialDropout(Dropout):
    """Drop whole channels of a sample while training: `Dropout` with one mask for all.

    Neighbouring pixels are alike, so that a pixel that is dropped alone is not missed.

    Args:
        rate: fraction of channels set to zero, [0, 1].
        seed: of the masks; None draws one from the stream ``dropout``.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    References: Tompson et al. (2015), "Efficient object localization using
    convolutional networks"; `keras/src/layers/regularization/spatial_dropout.py`.
    """

    input_dimensions = ""

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed=seed, **kwargs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape.

        Raises:
            ValueError: it has another number of dimensions.
        """
        arguments.rank(self.label, input_shape, self.input_dimensions)
        return input_shape

    def mask_shape(self, shape: Any) -> Any:
        """Return 1 for every dimension but the batch and the channels."""
        return (shape[0], *(1 for _ in shape[2:]), shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Return Keras's arguments, which trainable is none of."""
        config = super().get_config()
        known = ("rate", "seed", "name", "dtype", "data_format")
        return {key: config[key] for key in known if key in config}
