"""What every loss does: check targets, prepare them, reduce values to one number."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from scratchnet.foundation import naming, overrides
from scratchnet.foundation.attributes import OnlyWhatThereIs
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.foundation.tensor import Tensor, as_tensor

MEANS = ("sum_over_batch_size", "mean")
REDUCTIONS = (*MEANS, "mean_with_sample_weight", "sum", "none", None)

# Keras's, `keras.backend.epsilon()`.
EPSILON = 1e-7


class Loss(OnlyWhatThereIs):
    """The base of every loss.

    A subclass writes ``call(self, y_true, y_pred)`` as in Keras, of functions of
    `scratchnet.ops`; or `forward` and `backward` on dense targets. `targets` makes
    those of what the user calls y; `check` looks at all of y before training starts.
    Losses of outputs with more dimensions have a value for each row of the last one.

    With weights w, the values become one number, by ``reduction``:

        sum_over_batch_size, mean   ∑ w·loss / number of values
        mean_with_sample_weight     ∑ w·loss / ∑ w
        sum                         ∑ w·loss
        none, None                  all values as they are; a model learns their sum

    Args:
        name: by default the class's, in snake case.
        reduction: as above.
        dtype: None; a loss computes in the dtype of the predictions.

    Raises:
        ValueError: there is no such reduction.

    Reference: `keras/src/losses/loss.py`.
    """

    # The kernels' name of it, if Keras computes it from what a last softmax or sigmoid
    # is given; `forward_from_logits` and `backward_from_logits` do.
    of_logits = ""
    # What makes a loss of a function: `models`, which stands on this file, says how.
    of_function: ClassVar[Any] = None

    def __init_subclass__(cls, **more: Any) -> None:
        """Refuse a loss that is written Keras's way."""
        super().__init_subclass__(**more)
        overrides.refuse(cls, "Loss")

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        self.name = name or naming.snake_case(type(self).__name__)
        if reduction not in REDUCTIONS:
            raise self._error(
                f"expected reduction to be one of {REDUCTIONS}, received {reduction!r}"
            )
        self.reduction = reduction
        if dtype not in (None, "float32", np.float32):
            raise NotImplementedError(
                f"{type(self).__name__}: dtype={dtype!r} is outside scratchnet's "
                "subset of Keras; a loss computes in the dtype of the predictions"
            )

    @property
    def learnt(self) -> Loss:
        """What `fit` makes small: the loss, or the graph of its `call`."""
        if not hasattr(type(self), "call"):
            return self
        traced = Loss.of_function(getattr(self, "call"))  # noqa: B009
        traced.name, traced.reduction, traced.written = self.name, self.reduction, self
        return traced

    def forward(self, targets: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return the loss of each sample, shape (N,), or of each row, (N, ...)."""
        raise NotImplementedError

    def backward(
        self, targets: np.ndarray, y_pred: np.ndarray, scale: np.ndarray
    ) -> np.ndarray:
        """Return ∂(∑ₙ scaleₙ lossₙ)/∂y_pred."""
        raise NotImplementedError

    def forward_from_logits(
        self, targets: np.ndarray, logits: np.ndarray
    ) -> tuple[np.ndarray, Any]:
        """Return all values, and what `backward_from_logits` needs besides."""
        raise NotImplementedError

    def backward_from_logits(
        self, targets: np.ndarray, logits: np.ndarray, memory: Any, scale: np.ndarray
    ) -> np.ndarray:
        """Return the gradient for logits."""
        raise NotImplementedError

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Compare targets with the model's output, (N, ...).

        Raises:
            ValueError: shapes don't match, or a value is out of range.
        """
        wanted, given = ([n for n in s[1:] if n != 1] for s in (output_shape, y.shape))
        if wanted != given:
            raise self._error(
                f"expected y of shape {format_shape(output_shape)} as the model's "
                f"output, received {y.shape}"
            )
        self._check_finite(y)

    def targets(
        self, y: np.ndarray, shape: tuple[int, ...], dtype: DTypeLike
    ) -> np.ndarray:
        """Return a batch's targets in the shape and dtype of the predictions."""
        targets = np.empty(shape, dtype)
        np.copyto(targets, y.reshape(shape), casting="unsafe")
        return targets

    def mask(self, targets: np.ndarray) -> np.ndarray | None:
        """Return which values count, by the targets; None where all do."""
        return None

    def weigh(
        self,
        values: np.ndarray,
        weights: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> tuple[np.ndarray | None, float]:
        """Return what values are multiplied with, and what their sum is divided by.

        Args:
            values: what `forward` returned.
            weights: of samples, (N,), or of values.
            mask: which values count.

        Raises:
            ValueError: the weights don't fit the values.
        """
        size: float = values.size
        if weights is not None:
            weights = fitted(type(self).__name__, weights, values.shape)
            if values.ndim == 0:  # one value for the whole batch
                size, weights = weights.size, np.sum(weights)
        if mask is not None:
            weights = mask if weights is None else mask * weights
            size = max(int(mask.sum()), 1)
        if self.reduction == "mean_with_sample_weight" and weights is not None:
            # As they are: one for a sample counts once, also where it has many values.
            size = float(np.sum(weights, dtype=np.float64)) or 1.0
        return weights, 1 if self.reduction in ("sum", "none", None) else size

    def shares(
        self,
        values: np.ndarray,
        weights: np.ndarray | None = None,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return each value's part in the whole: ∂(the loss of the batch)/∂value.

        Args, errors: as `weigh`.
        """
        weights, size = self.weigh(values, weights, mask)
        shares = np.full(values.shape, 1 / size, values.dtype)
        if weights is not None:
            shares *= weights.astype(values.dtype)
        return shares

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """Return the loss of a batch.

        >>> from scratchnet.losses import MeanSquaredError
        >>> MeanSquaredError()([[1.0, 0.0]], [[0.0, 0.0]]).numpy()
        np.float32(0.5)
        """
        if hasattr(type(self), "call"):
            return self.learnt(y_true, y_pred, sample_weight)
        double = isinstance(y_pred, np.ndarray) and y_pred.dtype == np.float64
        dtype = np.float64 if double else np.float32
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        y_pred = np.require(y_pred, dtype, ("C", "W", "A", "E"))
        if y_pred.ndim == y_true.ndim + 1 > 2 and y_pred.shape[-1] == 1:
            y_pred = y_pred[..., 0]
        batch = y_pred if y_pred.ndim > 1 else y_pred[np.newaxis]
        y_true = y_true if y_pred.ndim > 1 else y_true[np.newaxis]
        self.check(y_true, (None, *batch.shape[1:]))
        targets = self.targets(y_true, batch.shape, dtype)
        values = self.forward(targets, batch)
        if y_pred.ndim < 2 and values.ndim:
            values = values[0]
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype)
        weights, size = self.weigh(values, weights, self.mask(targets))
        if weights is not None:
            values = values * weights
        if self.reduction in ("none", None):
            return as_tensor(values.astype(dtype))
        return as_tensor(dtype(np.sum(values, dtype=np.float64) / size))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Make a loss of what `get_config` returned."""
        return cls(**config)

    def _check_finite(self, y: np.ndarray) -> None:
        if y.dtype.kind == "f" and not np.isfinite(y).all():
            at = np.argwhere(~np.isfinite(y))[0]
            raise self._error(
                f"expected finite y, received {y[tuple(at)]} "
                f"at index {tuple(int(i) for i in at)}"
            )

    def _last_axis(self, axis: Any) -> None:
        """Accept the last axis alone, on which the kernels work."""
        if axis != -1:
            raise NotImplementedError(
                f"{type(self).__name__}: axis={axis!r} is outside scratchnet's subset "
                "of Keras; only axis=-1 is supported"
            )

    def _error(self, message: str) -> ValueError:
        return ValueError(f"{type(self).__name__}: {message}")


def fitted(who: str, weights: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return weights so that they multiply values of a shape.

    One for each value, for each sample, or one for all; a last dimension of 1 may be
    there or not.

    Raises:
        ValueError: they are of another shape.

    >>> fitted("loss", [1.0, 2.0], (2, 3)).shape
    (2, 1)
    """
    weights = np.asarray(weights)
    if weights.ndim == len(shape) + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    if weights.ndim and shape:
        missing = len(shape) - weights.ndim
        weights = weights.reshape(*weights.shape, *(1,) * max(missing, 0))
    try:
        fits = not shape or np.broadcast_shapes(weights.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"{who}: expected sample_weight for values of shape {shape}, one for each "
            f"sample or value, received shape {weights.shape}"
        )
    return weights
