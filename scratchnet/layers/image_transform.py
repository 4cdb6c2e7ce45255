"""Images that are moved: what flips, rotations, zooms, crops and new sizes share."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.image_moves import Transform
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.data_layer import DataLayer
from scratchnet.layers.keras_tensor import is_symbolic


class ImageLayer(DataLayer):
    """A layer that takes a batch of images, or one image when it is called by hand."""

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        """Run on a batch (N, H, W, C), or on an image (H, W, C) as a batch of one."""
        if is_symbolic(x):
            return super().__call__(x)
        x = self.cast(x)
        if x.ndim == 3:
            return super().__call__(x[np.newaxis], training)[0]
        return super().__call__(x, training)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape, if it is that of images."""
        arguments.rank(self.label, input_shape, "(N, H, W, C)")
        return input_shape


class ImageTransform(ImageLayer):
    """A layer whose output is its input, moved: one affine transform, or several.

    A subclass says which in `transforms`; both ways are written here.
    """

    operation = "affine_transform"

    def transforms(self, shape: tuple[int, ...], training: bool) -> list[Transform]:
        """Return what is done to a batch of this shape, one after the other."""
        raise NotImplementedError

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Move every image; where there is nothing to do, y is x."""
        steps = self.transforms(x.shape, training)
        self.remember((x.shape, steps), training=training)
        return self.apply(x, steps)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Hand every gradient back to the pixels that its pixel was made of."""
        return self.hand_back(dy, *self.recall())

    def apply(self, x: np.ndarray, steps: list[Transform]) -> np.ndarray:
        """Run transforms one after the other."""
        for number, step in enumerate(steps):
            y = self.empty(f"y{number}", (len(x), *step.size, x.shape[-1]))
            kernels.affine_transform_forward(
                x,
                _for_each(step.matrices, len(x)),
                step.interpolation,
                step.fill_mode,
                step.fill_value,
                y,
            )
            x = y
        return x

    def hand_back(
        self, dy: np.ndarray, shape: tuple[int, ...], steps: list[Transform]
    ) -> np.ndarray:
        """Return the gradient of a batch of this shape that `apply` was given."""
        sizes = [shape[1:3], *(step.size for step in steps)]
        dy = self.check_gradient(dy, (shape[0], *sizes[-1], shape[3]))
        for number, step in reversed(list(enumerate(steps))):
            dx = self.empty(f"dx{number}", (len(dy), *sizes[number], shape[3]))
            kernels.affine_transform_backward(
                dy,
                _for_each(step.matrices, len(dy)),
                step.interpolation,
                step.fill_mode,
                dx,
            )
            dy = dx
        return dy


def _for_each(matrices: np.ndarray, count: int) -> np.ndarray:
    return np.ascontiguousarray(np.broadcast_to(matrices, (count, 6)))
