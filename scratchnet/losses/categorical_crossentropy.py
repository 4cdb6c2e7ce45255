"""Cross-entropy of one-hot targets, from probabilities or from logits."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape, format_shape, rows
from scratchnet.losses.row_loss import RowLoss


class CategoricalCrossentropy(RowLoss):
    """−∑_c t_c log p_c, for one-hot targets.

    From probabilities, as Keras has it: p is divided by its sum and clipped to
    [10⁻⁷, 1 − 10⁻⁷]; where it was clipped the gradient is zero. From logits z, p is
    softmax z, the logarithm is taken without overflow, and

        d_zₙc = scaleₙ · (pₙc ∑_k tₙk − tₙc)

    A model that ends in softmax is trained and evaluated in this second form
    (`scratchnet/plan`), as Keras does on TensorFlow; as there, z is what the
    last activation is given, also if that is a sigmoid, and whatever from_logits says.
    It is so for models of any dtype, where Keras forgets the logits if the loss has
    another one. Called by itself, a loss knows y_pred alone.

    Shapes:
        y_true, y_pred: (N, ..., C), values: (N, ...)

    Args:
        from_logits: whether y_pred holds logits instead of probabilities.
        label_smoothing: s in [0, 1]; t becomes (1 − s) t + s / C.
        axis: −1.
        reduction: how values become one number, see `Loss`.
        name: shown in messages.
        dtype: None.

    Reference: `keras/src/backend/tensorflow/nn.py` (categorical_crossentropy).
    """

    of_logits = "softmax_cross_entropy"
    operation = "cross_entropy"

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self._last_axis(axis)
        self.from_logits = bool(from_logits)
        self.label_smoothing = arguments.fraction(
            type(self).__name__, "label_smoothing", label_smoothing
        )

    def numbers(self, dtype: np.dtype) -> tuple[Any, ...]:
        """Return that each row is divided by its sum first."""
        return (True,)

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the cross-entropy of each row."""
        if self.from_logits:
            return softmax_cross_entropy(targets, y_pred)[0]
        return super().forward(targets, y_pred)

    def backward(
        self, targets: np.ndarray, y_pred: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return the gradient for probabilities or logits."""
        if self.from_logits:
            probabilities = softmax_cross_entropy(targets, y_pred)[1]
            return softmax_cross_entropy_gradient(targets, probabilities, scale)
        return super().backward(targets, y_pred, scale)

    def forward_from_logits(
        self, targets: np.ndarray, logits: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the cross-entropy of each row, and the softmax of its logits."""
        return softmax_cross_entropy(targets, logits)

    def backward_from_logits(
        self, targets: np.ndarray, logits: np.ndarray, memory: Any, scale: np.ndarray
    ) -> np.ndarray:
        """Return the gradient for logits, of which ``memory`` is the softmax."""
        return softmax_cross_entropy_gradient(targets, memory, scale)

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Require finite targets of the output's shape."""
        self._classes(output_shape)
        if y.ndim != len(output_shape) or y.shape[1:] != output_shape[1:]:
            hint = ""
            if y.shape[1:] in (output_shape[1:-1], (*output_shape[1:-1], 1)):
                hint = (
                    "; for integer labels use the loss "
                    "'sparse_categorical_crossentropy' or utils.to_categorical"
                )
            raise self._error(
                f"expected one-hot y of shape {format_shape(output_shape)}, "
                f"received {y.shape}{hint}"
            )
        self._check_finite(y)

    def _classes(self, output_shape: Shape) -> int:
        """Return C of an output (N, ..., C)."""
        if len(output_shape) < 2 or output_shape[-1] is None:
            raise self._error(
                "expected a model with output (N, ..., classes), "
                f"received one with output {format_shape(output_shape)}"
            )
        if output_shape[-1] == 1:
            warnings.warn(
                f"{type(self).__name__}: the model has one output, and the "
                "cross-entropy of one class is always 0; for yes and no use "
                "'binary_crossentropy'",
                stacklevel=2,
            )
        return output_shape[-1]

    def targets(
        self, y: np.ndarray, shape: tuple[int, ...], dtype: DTypeLike
    ) -> np.ndarray:
        """Cast, and smooth the labels."""
        return self._smooth(super().targets(y, shape, dtype))

    def _smooth(self, targets: np.ndarray) -> np.ndarray:
        if self.label_smoothing:
            targets *= 1 - self.label_smoothing
            targets += self.label_smoothing / targets.shape[-1]
        return targets

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": -1,
        }


def softmax_cross_entropy(
    targets: np.ndarray, logits: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each row's cross-entropy, (N, ...), and softmax of its logits."""
    losses = np.empty(logits.shape[:-1], logits.dtype)
    probabilities = np.empty(logits.shape, logits.dtype)
    kernels.softmax_cross_entropy_forward(
        rows(logits), rows(targets), losses.reshape(-1), rows(probabilities)
    )
    return losses, probabilities


def softmax_cross_entropy_gradient(
    targets: np.ndarray, probabilities: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return the gradient of ∑ scale·loss for the logits."""
    d_logits = np.empty(probabilities.shape, probabilities.dtype)
    kernels.softmax_cross_entropy_backward(
        rows(probabilities), rows(targets), scale.reshape(-1), rows(d_logits)
    )
    return d_logits
