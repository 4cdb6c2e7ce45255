"""Losses: one number per sample to be made small, and its gradient.

    CategoricalCrossentropy   −∑_c t_c log p_c     (t one-hot or a distribution)
    SparseCategoricalCrossentropy  −log p_label    (labels are whole numbers)
    MeanSquaredError          mean over d of (y_d − t_d)²

A batch's loss is ∑ₙ wₙ lossₙ / N: the sum over the samples, times their weights,
divided by their number (Keras's ``sum_over_batch_size``).

Reference: `keras/src/losses/losses.py`, `keras/src/losses/loss.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnet import kernels
from scratchnet.foundation import arguments, lookup, naming
from scratchnet.foundation.subset import refuse

# Keras's, `keras.backend.epsilon()`.
EPSILON = 1e-7


class Loss:
    """The base of every loss.

    A subclass writes `forward` and `backward` on dense targets; `targets` makes those
    of what the user calls y, and `check` looks at all of y before training starts.

    Args:
        name: by default the class's, in snake case.
        reduction: ``"sum_over_batch_size"``; others are outside the subset.
        dtype: outside the subset.
    """

    def __init__(
        self,
        name: str | None = None,
        reduction: str = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        """Check the arguments."""
        refuse(
            type(self).__name__,
            reduction=(reduction, "sum_over_batch_size"),
            dtype=(dtype, None),
        )
        self.name = name or naming.snake_case(type(self).__name__)

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the loss of each sample, shape (N,)."""
        raise NotImplementedError

    def backward(
        self, targets: np.ndarray, y_pred: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return ∂(∑ₙ scaleₙ lossₙ)/∂y_pred."""
        raise NotImplementedError

    def check(self, y: np.ndarray, output_shape: tuple[int | None, ...]) -> None:
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

    def _error(self, message: str) -> ValueError:
        return ValueError(f"{type(self).__name__}: {message}")


class MeanSquaredError(Loss):
    """Mean over the outputs of (y_pred − y_true)².

        d_y_predₙd = scaleₙ · 2 (y_predₙd − yₙd) / D

    Shapes:
        y_true, y_pred: (N, ...), D values a sample
    """

    def __init__(
        self,
        reduction: str = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        """Check the arguments."""
        super().__init__(name, reduction, dtype)

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the mean squared difference of each sample."""
        losses = np.empty(y_pred.shape[:1], y_pred.dtype)
        kernels.mean_squared_error_forward(_flat(y_pred), _flat(targets), losses)
        return losses

    def backward(
        self, targets: np.ndarray, y_pred: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return the gradient for the predictions."""
        dy = np.empty(y_pred.shape, y_pred.dtype)
        kernels.mean_squared_error_backward(
            _flat(y_pred), _flat(targets), scale, _flat(dy)
        )
        return dy

    def check(self, y: np.ndarray, output_shape: tuple[int | None, ...]) -> None:
        """Require finite targets, as many values as the output has."""
        sizes = tuple(size for size in output_shape[1:] if size != 1)
        if tuple(size for size in y.shape[1:] if size != 1) != sizes:
            raise self._error(
                f"expected y of shape {_n(output_shape)} as the model's output, "
                f"received {y.shape}"
            )
        _check_finite(self, y)


class CategoricalCrossentropy(Loss):
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
        y_true, y_pred: (N, C)

    Args:
        from_logits: whether y_pred holds logits instead of probabilities.
        label_smoothing: s in [0, 1]; t becomes (1 − s) t + s / C.
        axis: the classes' axis; only the last one is supported.
        reduction: ``"sum_over_batch_size"``; others are outside the subset.
        name: shown in messages.
        dtype: outside the subset.

    Reference: `keras/src/backend/tensorflow/nn.py` (categorical_crossentropy).
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        """Check and keep the arguments."""
        super().__init__(name, reduction, dtype)
        refuse(type(self).__name__, axis=(axis, -1))
        self.from_logits = bool(from_logits)
        self.label_smoothing = arguments.fraction(
            type(self).__name__, "label_smoothing", label_smoothing
        )

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the cross-entropy of each sample."""
        if self.from_logits:
            return softmax_cross_entropy(targets, y_pred)[0]
        losses = np.empty(y_pred.shape[:1], y_pred.dtype)
        kernels.cross_entropy_forward(y_pred, targets, losses, True)
        return losses

    def backward(
        self, targets: np.ndarray, y_pred: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return the gradient for probabilities or logits."""
        if self.from_logits:
            probabilities = softmax_cross_entropy(targets, y_pred)[1]
            return softmax_cross_entropy_gradient(targets, probabilities, scale)
        dy = np.empty(y_pred.shape, y_pred.dtype)
        kernels.cross_entropy_backward(y_pred, targets, scale, dy, True)
        return dy

    def check(self, y: np.ndarray, output_shape: tuple[int | None, ...]) -> None:
        """Require finite targets of the output's width."""
        _check_classes(self, output_shape)
        if y.ndim != 2 or y.shape[1] != output_shape[1]:
            hint = ""
            if y.ndim == 1 or y.shape[1:] == (1,):
                hint = (
                    "; for labels that are whole numbers use the loss "
                    "'sparse_categorical_crossentropy' or utils.to_categorical"
                )
            raise self._error(
                f"expected one-hot y of shape {_n(output_shape)}, "
                f"received {y.shape}{hint}"
            )
        _check_finite(self, y)

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
            "name": self.name,
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
        }


class SparseCategoricalCrossentropy(CategoricalCrossentropy):
    """−log p_label, for labels 0 … C − 1.

    From probabilities, Keras clips first, to [10⁻⁷, 1 − 10⁻⁷], and takes what it gets
    for exponentials of logits, which divides by their sum; so does this:

        loss = −log(q_label / ∑_c q_c),   q = clip(p)

    Shapes:
        y_true: (N,) or (N, 1) whole numbers, y_pred: (N, C)

    Args:
        from_logits: whether y_pred holds logits instead of probabilities.
        ignore_class: outside the subset.
        reduction: ``"sum_over_batch_size"``; others are outside the subset.
        axis: the classes' axis; only the last one is supported.
        name: shown in messages.
        dtype: outside the subset.
        label_smoothing: s in [0, 1], beyond Keras: as in `CategoricalCrossentropy`.

    Reference: `keras/src/backend/tensorflow/nn.py` (sparse_categorical_crossentropy).
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        *,
        label_smoothing: float = 0.0,
    ) -> None:
        """Check and keep the arguments."""
        refuse(type(self).__name__, ignore_class=(ignore_class, None))
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)

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

    def check(self, y: np.ndarray, output_shape: tuple[int | None, ...]) -> None:
        """Require whole numbers from 0 to C − 1."""
        classes = _check_classes(self, output_shape)
        if y.ndim not in (1, 2) or (y.ndim == 2 and y.shape[1] != 1):
            hint = ""
            if y.shape[1:] == (classes,):
                hint = "; for one-hot targets use 'categorical_crossentropy'"
            raise self._error(
                f"expected labels of shape (N,) or (N, 1), received {y.shape}{hint}"
            )
        _check_finite(self, y)
        if y.size and (np.any(y != np.floor(y)) or y.min() < 0 or y.max() >= classes):
            wrong = np.flatnonzero((y != np.floor(y)) | (y < 0) | (y >= classes))
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


def softmax_cross_entropy(
    targets: np.ndarray, logits: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each sample's cross-entropy, (N,), and softmax of its logits, (N, C)."""
    losses = np.empty(logits.shape[:1], logits.dtype)
    probabilities = np.empty(logits.shape, logits.dtype)
    kernels.softmax_cross_entropy_forward(logits, targets, losses, probabilities)
    return losses, probabilities


def softmax_cross_entropy_gradient(
    targets: np.ndarray, probabilities: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return the gradient of ∑ₙ scaleₙ lossₙ for the logits."""
    d_logits = np.empty(probabilities.shape, probabilities.dtype)
    kernels.softmax_cross_entropy_backward(probabilities, targets, scale, d_logits)
    return d_logits


def _clip(probabilities: np.ndarray) -> np.ndarray:
    return np.clip(probabilities, EPSILON, 1 - EPSILON)


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(x.shape[0], -1)


def _n(shape: tuple[int | None, ...]) -> str:
    from scratchnet.foundation.shapes import format_shape

    return format_shape(shape)


def _check_classes(loss: Loss, output_shape: tuple[int | None, ...]) -> int:
    if len(output_shape) != 2 or output_shape[1] is None:
        raise ValueError(
            f"{type(loss).__name__}: expected a model with output (N, classes), "
            f"received one with output {_n(output_shape)}"
        )
    return output_shape[1]


def _check_finite(loss: Loss, y: np.ndarray) -> None:
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        at = np.argwhere(~np.isfinite(y))[0]
        raise ValueError(
            f"{type(loss).__name__}: expected finite y, "
            f"received {y[tuple(at)]} at index {tuple(int(i) for i in at)}"
        )


ALL = {
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
}


def get(identifier: Any) -> Loss:
    """Return a loss by name, or the one given.

    Raises:
        ValueError: the name is unknown.
        TypeError: the identifier is neither a name nor a `Loss`.
    """
    return lookup.find("loss", identifier, ALL, Loss)


__getattr__ = lookup.missing_attribute(
    __name__, [*(found.__name__ for found in ALL.values()), "Loss"]
)
