"""Max pooling of sequences."""

from __future__ import annotations

from scratchnet.layers.max_pooling2d import MaxPooling2D
from scratchnet.layers.pooling1d import Pooling1D


class MaxPooling1D(Pooling1D):
    """The largest value of each window: y[n, i, c] = maxₐ x[n, i·stride + a, c].

    It is a `MaxPooling2D` on images one pixel high.

    Shapes:
        x: (N, L, C), y: (N, OL, C)

    Args, errors: see `Pooling1D`.

    Reference: `keras/src/layers/pooling/max_pooling1d.py`.
    """

    operation = "max_pooling"
    pooling = MaxPooling2D
