"""Cross-entropy of labels that are integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.losses.categorical_crossentropy import (
    CategoricalCrossentropy,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)

# Keras's, `keras.backend.epsilon()`.
EPSILON = 1e-7


@keras_signature
class SparseCategoricalCrossentropy(CategoricalCrossentropy):
    """−log p_label, for labels 0 … C − 1.

    From probabilities, Keras clips first, to [10⁻⁷, 1 − 10⁻⁷], and takes what it gets
    for exponentials of logits, which divides by their sum; so does this:

        loss = −log(q_label / ∑_c q_c),   q = clip(p)

    Shapes:
        y_true: (N,) or (N, 1) integers, y_pred: (N, C)

    Args:
        from_logits: whether y_pred holds logits instead of probabilities.
        name: shown in messages.
        label_smoothing: s in [0, 1], beyond Keras: as in `CategoricalCrossentropy`.

    Reference: `keras/src/backend/tensorflow/nn.py` (sparse_categorical_crossentropy).
    """

    def __init__(
        self,
        from_logits: bool = False,
        name: str = "sparse_categorical_crossentropy",
        *,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(from_logits, label_smoothing, name=name)

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the cross-entropy of each sample."""
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
        if y.ndim not in (1, 2) or (y.ndim == 2 and y.shape[1] != 1):
            hint = ""
            if y.shape[1:] == (classes,):
                hint = "; for one-hot targets use 'categorical_crossentropy'"
            raise self._error(
                f"expected labels of shape (N,) or (N, 1), received {y.shape}{hint}"
            )
        self._check_finite(y)
        wrong = np.flatnonzero((y != np.floor(y)) | (y < 0) | (y >= classes))
        if wrong.size:
            raise self._error(
                f"expected labels 0 to {classes - 1}, "
                f"received {y.reshape(-1)[wrong[0]]} at index {wrong[0]}"
            )

    def targets(
        self, y: np.ndarray, shape: tuple[int, ...], dtype: DTypeLike
    ) -> np.ndarray:
        """Write the labels as one-hot rows, and smooth them."""
        targets = np.empty(shape, dtype)
        targets[...] = 0
        targets[np.arange(shape[0]), y.reshape(-1).astype(np.intp)] = 1
        return self._smooth(targets)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; what Keras has not only where used."""
        config = super().get_config()
        if not self.label_smoothing:
            del config["label_smoothing"]
        return config


def _clip(probabilities: np.ndarray) -> np.ndarray:
    return np.clip(probabilities, EPSILON, 1 - EPSILON)
