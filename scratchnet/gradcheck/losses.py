"""The check of `gradcheck`, for losses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from scratchnet.gradcheck import inputs
from scratchnet.gradcheck.check import BATCH_SIZE, check_arguments, check_subject
from scratchnet.gradcheck.report import Report
from scratchnet.gradcheck.subject import Subject, random_numbers_kept
from scratchnet.layers.layer import Layer
from scratchnet.losses import Loss

CLASSES = 4


class _LossLayer(Layer):
    """A loss seen as a layer: y_pred goes in, the value of each sample comes out."""

    def __init__(self, loss: Any, y_true: np.ndarray) -> None:
        super().__init__(dtype="float64")
        self.loss, self.y_true = loss, y_true

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        self._cache = x
        return self.loss.forward(self.y_true, x)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return self.loss.backward(self.y_true, self.recall(), dy)


def gradcheck_loss(
    loss: Any,
    y_true: ArrayLike | None = None,
    y_pred: ArrayLike | None = None,
    *,
    seed: int = 0,
    epsilon: float = 2e-4,
    tolerance: float = 1e-6,
    max_elements: int = 500,
) -> Report:
    """Compare a loss's ``backward`` with the slope of its ``forward``.

    With one random weight for each sample, L = ∑ₙ weightₙ · lossₙ, and ∂L/∂y_pred is
    compared as `gradcheck` does it.

    Shapes:
        y_true: (N, C), or (N,) class numbers for a sparse loss
        y_pred: (N, C)

    Args:
        loss: a `Loss`, or any object with ``forward(y_true, y_pred)`` → (N,) and
            ``backward(y_true, y_pred, scale)`` → ∂L/∂y_pred, scale being the weights.
        y_true: the labels; for scratchnet's losses random ones by default.
        y_pred: the predictions; likewise.
        seed: all random values grow from it.
        epsilon: the first step, for predictions of rms 1.
        tolerance: relative errors must be smaller.
        max_elements: how many elements are checked alone.

    Returns:
        A report with one row, ``"y_pred"``.

    Raises:
        ValueError: y_true or y_pred is missing, and the loss is none of ours; or
            one doesn't fit the loss.
    """
    rng = np.random.default_rng(seed)
    if y_true is None or y_pred is None:
        y_true, y_pred = _draw(loss, rng)
    y_true, y_pred = np.array(y_true), np.array(y_pred, np.float64)
    if isinstance(loss, Loss):
        loss.check(y_true, (None, *y_pred.shape[1:]))
        y_true = np.array(loss.targets(y_true, y_pred.shape, np.float64))
    layer = _LossLayer(loss, y_true)
    check_arguments(layer, "float64", epsilon, tolerance, 1, max_elements)
    with random_numbers_kept(seed):
        subject = Subject(layer, [y_pred], rng, training=True)
        report = check_subject(subject, rng, seed, epsilon, tolerance, max_elements)
    rows = tuple(replace(row, name="y_pred") for row in report.rows)
    return replace(report, subject=type(loss).__name__, rows=rows)


def _draw(loss: Any, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return random targets and predictions that a loss of scratchnet's takes."""
    if not isinstance(loss, Loss):
        raise ValueError(
            f"gradcheck_loss: expected y_true and y_pred for {type(loss).__name__}; "
            "only scratchnet's own losses come with values to check at"
        )
    values = inputs.distinct((BATCH_SIZE, CLASSES), rng)
    y_true = rng.integers(0, CLASSES, BATCH_SIZE)
    try:
        loss.check(y_true, (None, CLASSES))
    except ValueError:  # it takes no labels, but a target for each output
        y_true = _softmax(rng.normal(size=values.shape))
    return y_true, values if getattr(loss, "from_logits", False) else _softmax(values)


def _softmax(x: np.ndarray) -> np.ndarray:
    exponentials = np.exp(x)
    return exponentials / exponentials.sum(axis=1, keepdims=True)
