"""The Tversky loss: how little prediction and target overlap."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.losses.loss import EPSILON, Loss


class Tversky(Loss):
    """1 − I/(I + α F + β G + 10⁻⁷), over a batch, or over some axes of it.

    I = ∑ y_true·y_pred, F = ∑ y_true·(1 − y_pred), G = ∑ (1 − y_true)·y_pred.

    Shapes:
        y_true, y_pred: (N, ...), values: the axes that are not summed over

    Args:
        alpha: weight of what the prediction misses.
        beta: weight of what it has too much.
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        axis: which axes to sum over; None is all, and one value for the whole batch.
        dtype: None.

    Reference: Salehi and others (2017), "Tversky loss function for image segmentation".
    """

    # What keeps 0/0 away.
    epsilon = EPSILON

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        who = type(self).__name__
        self.alpha = arguments.non_negative(who, "alpha", alpha)
        self.beta = arguments.non_negative(who, "beta", beta)
        self.axis = axis

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the loss of each group of values."""
        kept, (p, t) = self._groups(y_pred, targets)
        values = np.empty(len(p), y_pred.dtype)
        numbers = self.alpha, self.beta, self.epsilon
        kernels.OPERATIONS["tversky_forward"](p, t, values, *numbers)
        return values.reshape(kept)

    def backward(
        self, targets: np.ndarray, y_pred: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return the gradient for the predictions."""
        _, (p, t) = self._groups(y_pred, targets)
        dp = np.empty(p.shape, p.dtype)
        numbers = self.alpha, self.beta, self.epsilon
        kernels.OPERATIONS["tversky_backward"](p, t, scale.reshape(-1), dp, *numbers)
        order = self._order(y_pred.ndim)
        back = dp.reshape([y_pred.shape[axis] for axis in order])
        return np.ascontiguousarray(back.transpose(np.argsort(order)))

    def _summed(self, ndim: int) -> list[int]:
        axes = range(ndim) if self.axis is None else np.atleast_1d(self.axis)
        return sorted(int(axis) % ndim for axis in axes)

    def _order(self, ndim: int) -> list[int]:
        """Return the axes: first those that stay, then those that are summed over."""
        summed = self._summed(ndim)
        return [axis for axis in range(ndim) if axis not in summed] + summed

    def _groups(self, *arrays: np.ndarray) -> tuple[tuple[int, ...], list[np.ndarray]]:
        shape, order = arrays[0].shape, self._order(arrays[0].ndim)
        kept = tuple(shape[axis] for axis in order[: -len(self._summed(len(shape)))])
        groups = int(np.prod(kept))
        return kept, [
            np.ascontiguousarray(array.transpose(order)).reshape(groups, -1)
            for array in arrays
        ]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "beta": self.beta,
            "axis": self.axis,
        }
