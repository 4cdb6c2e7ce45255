"""Cross-entropy of labels that are integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.losses.categorical_crossentropy import (
    CategoricalCrossentropy,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)
from scratchnet.losses.loss import EPSILON


class SparseCategoricalCrossentropy(CategoricalCrossentropy):
    """−log p_label, for labels 0 … C − 1.

    From probabilities, Keras clips first, to [10⁻⁷, 1 − 10⁻⁷], and takes what it gets
    for exponentials of logits, which divides by their sum; so does this:

        loss = −log(q_label / ∑_c q_c),   q = clip(p)

    Shapes:
        y_true: (N, ...) or (N, ..., 1) integers, y_pred: (N, ..., C), values: (N, ...)

    Args:
        from_logits: whether y_pred holds logits instead of probabilities.
        ignore_class: a label, of any number, that has no loss and does not count.
        reduction: how values become one number, see `Loss`.
        axis: −1.
        name: shown in messages.
        dtype: None.
        label_smoothing: s in [0, 1], beyond Keras: as in `CategoricalCrossentropy`.

    Reference: `keras/src/backend/tensorflow/nn.py` (sparse_categorical_crossentropy).
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        *,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        self.ignore_class = ignore_class

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the cross-entropy of each row."""
        logits = y_pred if self.from_logits else np.log(_clip(y_pred))
        return softmax_cross_entropy(targets, logits)[0]

    def backward(
        self, targets: np.ndarray, y_pred: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return the gradient for probabilities or logits; 0 where clipped."""
        if self.from_logits:
            return super().backward(targets, y_pred, scale)
        clipped = _clip(y_pred)
        probabilities = softmax_cross_entropy(targets, np.log(clipped))[1]
        dy = softmax_cross_entropy_gradient(targets, probabilities, scale)
        dy /= clipped
        dy[clipped != y_pred] = 0
        return dy

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Require integers from 0 to C − 1."""
        classes = self._classes(output_shape)
        labels = output_shape[1:-1]
        if y.shape[1:] not in (labels, (*labels, 1)):
            hint = ""
            if y.shape[1:] == output_shape[1:]:
                hint = "; for one-hot targets use 'categorical_crossentropy'"
            one, other = (
                format_shape((None, *shape)) for shape in (labels, (*labels, 1))
            )
            raise self._error(
                f"expected labels of shape {one} or {other}, received {y.shape}{hint}"
            )
        self._check_finite(y)
        y = y.reshape(-1)
        known = (y == np.floor(y)) & (y >= 0) & (y < classes)
        if self.ignore_class is not None:
            known |= y == self.ignore_class
        wrong = np.flatnonzero(~known)
        if wrong.size:
            raise self._error(
                f"expected labels 0 to {classes - 1}, "
                f"received {y[wrong[0]]} at index {wrong[0]}"
            )

    def targets(
        self, y: np.ndarray, shape: tuple[int, ...], dtype: DTypeLike
    ) -> np.ndarray:
        """Write the labels as one-hot rows, and smooth them.

        The row of a label that is ignored is 0, which has neither loss nor gradient.
        """
        y = y.reshape(-1)
        targets = np.empty((len(y), shape[-1]), dtype)
        targets[...] = 0
        if self.ignore_class is None:
            targets[np.arange(len(y)), y.astype(np.intp)] = 1
            return self._smooth(targets).reshape(shape)
        kept = np.flatnonzero(y != self.ignore_class)
        targets[kept, y[kept].astype(np.intp)] = 1
        targets[kept] = self._smooth(targets[kept])
        return targets.reshape(shape)

    def mask(self, targets: np.ndarray) -> np.ndarray | None:
        """Return which labels are not ignored."""
        return None if self.ignore_class is None else np.asarray(targets.any(-1))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; what Keras has not only where used."""
        config = {**super().get_config(), "ignore_class": self.ignore_class}
        del config["axis"]
        if not self.label_smoothing:
            del config["label_smoothing"]
        return config


def _clip(probabilities: np.ndarray) -> np.ndarray:
    return np.clip(probabilities, EPSILON, 1 - EPSILON)
