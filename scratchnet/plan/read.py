"""Operation 0: the samples of a batch, gathered and cast."""

from __future__ import annotations

from typing import Any

import numpy as np


class Read:
    """Gathers the samples of a batch and casts them to the model's dtype.

    Args:
        dtype: the model's.
        which: of its inputs this is.

    Attributes:
        rescaling: a `Rescaling` layer whose work is done here, or None: integers are
            multiplied while they are cast.
    """

    operation = "gather"
    free_output = False
    free_gradient = False

    def __init__(self, dtype: np.dtype, which: int = 0) -> None:
        self.dtype, self.which = dtype, which
        self.params: dict[str, np.ndarray] = {}
        self.rescaling: Any = None

    def forward(self, batch: Any) -> np.ndarray:
        """Return x for a `models.batches.Batch`."""
        layer = self.rescaling
        x, scaled = batch.take(None if layer is None else layer.scale, self.which)
        return x if layer is None or scaled else layer.forward(x, training=False)
