"""A loss that is a function of tensors: traced into a graph, which has its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.foundation.shapes import Shape
from scratchnet.layers.input_layer import Input
from scratchnet.layers.keras_tensor import KerasTensor
from scratchnet.losses import Loss
from scratchnet.models.model import Model


class FunctionLoss(Loss):
    """The values of ``function(y_true, y_pred)``, composed of `scratchnet.ops`.

    The function is called once for each shape of a batch, on tensors; afterwards its
    graph runs. Operators and Keras's losses as functions may stand in it.

    Args:
        function: of targets and predictions: a value for each sample or row, (N, ...),
            or one for the batch.

    Attributes:
        written: what the user wrote, which files keep the name of: the function, or
            the loss whose `call` it is.

    Reference: `keras/src/losses/losses.py` (LossFunctionWrapper).
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(getattr(function, "__name__", type(function).__name__))
        self.function = self.written = function
        self._graphs: dict[Any, Model] = {}

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Only see that y is finite: what shape it has is the function's affair."""
        self._check_finite(y)

    def targets(
        self, y: np.ndarray, shape: tuple[int, ...], dtype: DTypeLike
    ) -> np.ndarray:
        """Return targets as they are, in the dtype of the predictions."""
        targets = np.ascontiguousarray(y, dtype)
        single = targets.ndim == len(shape) - 1 and shape[-1] == 1
        return targets[..., np.newaxis] if single else targets

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Compute all values."""
        values: Any = self._graph(targets, y_pred).forward(
            [targets, y_pred], training=True
        )
        return np.array(values)

    def backward(
        self, targets: np.ndarray, y_pred: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Carry the values' shares back through the graph."""
        graph = self._graph(targets, y_pred)
        graph.forward([targets, y_pred], training=True)
        return np.array(graph.backward(np.ascontiguousarray(scale))[1])

    def _graph(self, targets: np.ndarray, y_pred: np.ndarray) -> Model:
        key = targets.shape[1:], y_pred.shape[1:], y_pred.dtype
        if key not in self._graphs:
            both = [
                Input(one.shape[1:], dtype=y_pred.dtype) for one in (targets, y_pred)
            ]
            made = self.function(*both)
            if not isinstance(made, KerasTensor) or made.shape[:1] not in ((None,), ()):
                raise ValueError(
                    f"loss {self.name}: expected a value for each sample, (N, ...), or "
                    f"one for all, received {made!r:.80}"
                )
            self._graphs[key] = Model(both, made)
        return self._graphs[key]


Loss.of_function = FunctionLoss
