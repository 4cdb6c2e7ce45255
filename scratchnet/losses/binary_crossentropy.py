"""Cross-entropy of yes and no, from probabilities or from logits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import rows
from scratchnet.losses.loss import EPSILON
from scratchnet.losses.row_loss import RowLoss


class BinaryCrossentropy(RowLoss):
    """Mean over the outputs of −t log p − (1 − t) log(1 − p).

    From probabilities, p is clipped to [10⁻⁷, 1 − 10⁻⁷], and has no gradient where it
    was. From logits z, p is 1/(1 + e⁻ᶻ), nothing is clipped, and

        d_zₙd = scaleₙ · (pₙd − tₙd) / D

    A model that ends in a sigmoid is trained and evaluated in this second form
    (`scratchnet/plan`), as Keras does on TensorFlow; as there, z is what the last
    activation is given, also if that is a softmax, and whatever from_logits says.

    Shapes:
        y_true, y_pred: (N, ..., D), values: (N, ...)

    Args:
        from_logits: whether y_pred holds logits instead of probabilities.
        label_smoothing: s in [0, 1]; t becomes (1 − s) t + s / 2.
        axis: −1.
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.

    Reference: `keras/src/backend/tensorflow/nn.py` (binary_crossentropy).
    """

    of_logits = "binary_crossentropy_from_logits"

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self._last_axis(axis)
        self.from_logits = bool(from_logits)
        self.label_smoothing = arguments.fraction(
            type(self).__name__, "label_smoothing", label_smoothing
        )

    @property
    def operation(self) -> str:  # type: ignore[override]
        """The kernels' name: another one for logits."""
        return "binary_crossentropy" + "_from_logits" * self.from_logits

    def numbers(self, dtype: np.dtype) -> tuple[float, ...]:
        """Return the bounds of probabilities, as numbers of the dtype."""
        return () if self.from_logits else bounds(dtype)

    def forward_from_logits(
        self, targets: np.ndarray, logits: np.ndarray
    ) -> tuple[np.ndarray, None]:
        """Return the loss of each row; `backward_from_logits` needs no more."""
        values = np.empty(logits.shape[:-1], logits.dtype)
        kernels.OPERATIONS["binary_crossentropy_from_logits_forward"](
            rows(logits), rows(targets), values.reshape(-1)
        )
        return values, None

    def backward_from_logits(
        self, targets: np.ndarray, logits: np.ndarray, memory: Any, scale: np.ndarray
    ) -> np.ndarray:
        """Return the gradient for logits."""
        dz = np.empty(logits.shape, logits.dtype)
        kernels.OPERATIONS["binary_crossentropy_from_logits_backward"](
            rows(logits), rows(targets), scale.reshape(-1), rows(dz)
        )
        return dz

    def targets(
        self, y: np.ndarray, shape: tuple[int, ...], dtype: DTypeLike
    ) -> np.ndarray:
        """Cast, and smooth the labels."""
        targets = super().targets(y, shape, dtype)
        if self.label_smoothing:
            targets *= 1 - self.label_smoothing
            targets += self.label_smoothing / 2
        return targets

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": -1,
        }


def bounds(dtype: np.dtype) -> tuple[float, float]:
    """Return what Keras clips probabilities to, as numbers of a dtype."""
    return float(dtype.type(EPSILON)), float(dtype.type(1 - EPSILON))
