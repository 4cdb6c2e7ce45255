"""What is measured of one output: its loss, and the metrics beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import metrics
from scratchnet.foundation.shapes import Shape
from scratchnet.foundation.tensor import as_tensor


class Measures:
    """The loss of one output, its metrics, and their running means.

    A batch counts once in the loss's own mean, also where it is a smaller one: so
    Keras has it on TensorFlow. In the mean of the total its samples count.

    Args:
        loss: a `losses.Loss`, or None.
        weight: what the loss is multiplied with in the total.
        plain: names, functions and `metrics.Metric` objects.
        weighted: the same, with sample weights taken into account.
        name: the output's, before the names of its metrics; None for the only one.
        mean: the name of the loss's running mean.
    """

    def __init__(
        self,
        loss: Any,
        weight: float,
        plain: list[Any],
        weighted: list[Any],
        name: str | None,
        mean: str,
    ) -> None:
        self.loss, self.weight, self.name = loss, weight, name
        self.wanted = plain, weighted
        self.mean = metrics.Mean(mean)
        self.plain: list[metrics.Metric] = []
        self.weighted: list[metrics.Metric] = []
        self._resolved = False

    def check(self, y: np.ndarray | None, output_shape: Shape) -> None:
        """Compare all targets with the output, (N, ...).

        Raises:
            ValueError: the loss or a metric can't be computed from them.
        """
        if y is None:
            if self.loss is not None or any(self.wanted):
                raise ValueError(
                    f"expected targets y for the output '{self.name}', which has a "
                    "loss or metrics, received none"
                )
            return
        if self.loss is not None:
            self.loss.check(y, output_shape)
        self._resolve(y.shape, output_shape)

    def take(
        self,
        head: Any,
        y: np.ndarray | None,
        weights: np.ndarray | None,
        output: np.ndarray,
    ) -> tuple[float, Any]:
        """Take a batch in.

        Returns:
            The batch's mean loss times its samples; and dense targets and each loss's
            share in the total, or None without a loss.
        """
        if y is None:
            return 0.0, None
        if self.loss is None:
            self._update(y, weights, output, output)
            return 0.0, None
        loss, samples = self.loss, len(output)
        targets = loss.targets(y, output.shape, output.dtype)
        values, predictions = head.forward(targets, output)
        mask = loss.mask(targets)
        scale = loss.shares(values, weights, mask)
        factors, size = loss.weigh(values, weights, mask)
        if factors is not None:
            values = values * factors
        if loss.reduction in ("none", None):  # what is reported is a mean also then
            size = values.size
        total = float(np.sum(values, dtype=np.float64)) * (samples / size)
        self.mean.add_total(total / samples, 1)
        if self.weight != 1:
            total, scale = total * self.weight, scale * self.weight
        self._update(y, weights, output, predictions)
        return total, (targets, scale.astype(output.dtype, copy=False))

    def _update(
        self,
        y: np.ndarray,
        weights: np.ndarray | None,
        output: np.ndarray,
        predictions: np.ndarray,
    ) -> None:
        self._resolve(y.shape, output.shape)
        for metric in self.plain:
            metric.update_state(*_for_metric(metric, y, predictions))
        for metric in self.weighted:
            metric.update_state(
                *_for_metric(metric, y, predictions), sample_weight=weights
            )

    def _resolve(self, y_shape: tuple[int, ...], output_shape: Shape) -> None:
        """Find out, by the first targets, what the metrics' names stand for."""
        if not self._resolved:
            self.plain, self.weighted = (
                [metrics.resolve(one, y_shape, output_shape) for one in identifiers]
                for identifiers in self.wanted
            )
            self._resolved = True


def _for_metric(
    metric: metrics.Metric, y: np.ndarray, predictions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what a metric may keep: the next batch overwrites the model's output."""
    if (
        type(metric) in metrics.CLASSES
        and type(metric) is not metrics.MeanMetricWrapper
    ):
        return y, predictions
    return as_tensor(y), as_tensor(predictions.copy())
