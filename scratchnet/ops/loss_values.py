"""A loss as an operation: a value for each row."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.shapes import Shape
from scratchnet.losses import Loss
from scratchnet.ops.operation import HOLE, Operation, apply


class LossValues(Operation):
    """y = loss(y_true, y_pred), in losses of people's own that call Keras's.

    Shapes:
        y_true: (N, ..., D), or (N, ...) of whole numbers; y_pred: (N, ..., D)
        y: (N, ...)

    Args:
        arguments: of the call, see `Operation`.
        loss: computes values and their gradient for y_pred; y_true has none.
        **kwargs: `Layer`'s arguments.
    """

    def __init__(self, arguments: Any, loss: Loss, **kwargs: Any) -> None:
        super().__init__(arguments, **kwargs)
        self.loss = loss

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return y_pred's shape without the last dimension."""
        return self.operand_shapes(input_shape)[1][:-1]

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Compute all values."""
        y_true, y_pred = self.operands(x)
        y_pred = np.ascontiguousarray(y_pred)
        targets = self.loss.targets(y_true, y_pred.shape, y_pred.dtype)
        self.remember((y_true, targets, y_pred), training=training)
        return self.loss.forward(targets, y_pred)

    def backward(self, dy: np.ndarray) -> Any:
        """Return the gradient for y_pred, and zeros for y_true."""
        y_true, targets, y_pred = self.recall()
        scale = np.ascontiguousarray(dy)
        return self.of_holes(
            [np.zeros_like(y_true), self.loss.backward(targets, y_pred, scale)]
            if self.arguments[1] is HOLE
            else [np.zeros_like(y_true), None]
        )


def loss_values(loss: Loss, y_true: Any, y_pred: Any) -> Any:
    """Return a loss's values as a node of the graph."""
    return apply(LossValues, y_true, y_pred, loss=loss)
