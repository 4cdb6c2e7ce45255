"""Average pooling of sequences."""

from __future__ import annotations

from scratchnet.layers.average_pooling2d import AveragePooling2D
from scratchnet.layers.pooling1d import Pooling1D


class AveragePooling1D(Pooling1D):
    """The mean of each window: y[n, i, c] = meanₐ x[n, i·stride + a, c].

    It is a `AveragePooling2D` on images one pixel high.

    Shapes:
        x: (N, L, C), y: (N, OL, C)

    Args, errors: see `Pooling1D`.

    Reference: `keras/src/layers/pooling/average_pooling1d.py`.
    """

    operation = "average_pooling"
    free_output = True
    pooling = AveragePooling2D
