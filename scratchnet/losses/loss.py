"""What every loss does: check targets, prepare them, average over a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.foundation import naming
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape


@keras_signature
class Loss:
    """The base of every loss.

    A subclass writes `forward` and `backward` on dense targets; `targets` makes those
    of what the user calls y, and `check` looks at all of y before training starts.

    Args:
        name: by default the class's, in snake case.

    Reference: `keras/src/losses/loss.py`.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name or naming.snake_case(type(self).__name__)

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the loss of each sample, shape (N,)."""
        raise NotImplementedError

    def backward(
        self, targets: np.ndarray, y_pred: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return ∂(∑ₙ scaleₙ lossₙ)/∂y_pred."""
        raise NotImplementedError

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Compare targets with the model's output, (N, ...).

        Raises:
            ValueError: shapes don't match, or a value is out of range.
        """
        raise NotImplementedError

    def targets(
        self, y: np.ndarray, shape: tuple[int, ...], dtype: DTypeLike
    ) -> np.ndarray:
        """Return a batch's targets in the shape and dtype of the predictions."""
        targets = np.empty(shape, dtype)
        np.copyto(targets, y.reshape(shape), casting="unsafe")
        return targets

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
        """Return the loss of a batch.

        >>> from scratchnet.losses import MeanSquaredError
        >>> MeanSquaredError()([[1.0, 0.0]], [[0.0, 0.0]])
        0.5
        """
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        dtype = np.float64 if y_pred.dtype == np.float64 else np.float32
        y_pred = np.ascontiguousarray(y_pred, dtype)
        self.check(y_true, (None, *y_pred.shape[1:]))
        values = self.forward(self.targets(y_true, y_pred.shape, dtype), y_pred)
        if sample_weight is not None:
            weights = np.asarray(sample_weight, dtype).reshape(-1)
            if weights.size not in (1, values.size):
                raise self._error(
                    f"expected one sample_weight for each of {values.size} samples, "
                    f"received shape {np.shape(sample_weight)}"
                )
            values = values * weights
        return float(np.mean(values, dtype=np.float64))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name}

    def _check_finite(self, y: np.ndarray) -> None:
        if y.dtype.kind == "f" and not np.isfinite(y).all():
            at = np.argwhere(~np.isfinite(y))[0]
            raise self._error(
                f"expected finite y, received {y[tuple(at)]} "
                f"at index {tuple(int(i) for i in at)}"
            )

    def _error(self, message: str) -> ValueError:
        return ValueError(f"{type(self).__name__}: {message}")
