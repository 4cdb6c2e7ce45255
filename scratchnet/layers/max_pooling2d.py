"""Max pooling."""

from __future__ import annotations

import numpy as np

from scratchnet import kernels
from scratchnet.layers.pooling2d import Pooling2D


class MaxPooling2D(Pooling2D):
    """The largest value of each window.

        y[n, i, j, c] = max over a, b of x[n, i·stride + a, j·stride + b, c]

    The gradient goes to the pixel that was the maximum; among equals to the first, in
    the order of rows and columns.

    Shapes:
        x: (N, H, W, C), y: (N, OH, OW, C)

    Args, errors: see `Pooling2D`.

    Reference: `keras/src/layers/pooling/max_pooling2d.py`.
    """

    operation = "max_pooling"
    free_gradient = True

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Take the maxima."""
        y = self.empty("y", self.compute_output_shape(x.shape))
        kernels.max_pooling_forward(x, y, *self.geometry(x.shape))
        self.remember((x, y), training=training)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Hand each gradient to the pixel that was the maximum."""
        x, y = self.recall()
        dy = self.check_gradient(dy, y.shape)
        dx = self.empty("dx", x.shape)
        kernels.max_pooling_backward(x, y, dy, dx, *self.geometry(x.shape))
        return dx
