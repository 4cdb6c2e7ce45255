"""Average pooling."""

from __future__ import annotations

import numpy as np

from scratchnet import kernels
from scratchnet.layers.pooling2d import Pooling2D


class AveragePooling2D(Pooling2D):
    """The mean of each window.

        y[n, i, j, c] = mean over a, b of x[n, i·stride + a, j·stride + b, c]

    With ``padding="same"`` the mean is over the pixels inside the image. Each of them
    receives the gradient divided by their number.

    Shapes:
        x: (N, H, W, C), y: (N, OH, OW, C)

    Args, errors: see `Pooling2D`.

    Reference: `keras/src/layers/pooling/average_pooling2d.py`.
    """

    operation = "average_pooling"
    free_output = True
    free_gradient = True

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Take the means."""
        y = self.empty("y", self.compute_output_shape(x.shape))
        kernels.average_pooling_forward(x, y, *self.geometry(x.shape))
        self.remember(x.shape, training=training)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Share each gradient out among its window's pixels."""
        shape = self.recall()
        dy = self.check_gradient(dy, self.compute_output_shape(shape))
        dx = self.empty("dx", shape)
        kernels.average_pooling_backward(dy, dx, *self.geometry(shape))
        return dx
