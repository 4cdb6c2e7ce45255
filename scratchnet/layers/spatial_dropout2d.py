"""Spatial dropout of images."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.spatial_dropout import SpatialDropout


@keras_signature
class SpatialDropout2D(SpatialDropout):
    """Drop whole channels of an image while training.

    Shapes:
        x, y: (N, H, W, C)

    Args:
        rate: fraction of channels set to zero, [0, 1].
        seed: of the masks; None draws one from the stream ``dropout``.
        name: shown in tables and messages.
        dtype: float32 (default) or float64.
        **kwargs: `Layer`'s other arguments.

    Reference: `keras/src/layers/regularization/spatial_dropout.py`.
    """

    input_dimensions = "(N, H, W, C)"

    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed, name=name, dtype=dtype, **kwargs)
