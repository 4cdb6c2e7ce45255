"""What is measured of a model's output: the loss, and the metrics beside it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from scratchnet import losses, metrics
from scratchnet.foundation.shapes import Shape

Logs = dict[str, float]


class Measures:
    """The loss of one output, its metrics, and their running means.

    Args:
        loss: a name or a `losses.Loss`.
        plain: a list of names and `metrics.Metric` objects.
        weighted: the same, with sample weights taken into account.

    Raises:
        ValueError: a name is unknown.
        TypeError: something is neither a name nor an object of its kind.
    """

    def __init__(self, loss: Any, plain: Any = None, weighted: Any = None) -> None:
        self.loss = losses.get(loss)
        self.wanted = _metric_list(plain), _metric_list(weighted)
        self._mean = metrics.Mean("loss")
        self._metrics: tuple[list[metrics.Metric], ...] = [], []
        self._resolved: Any = None

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Compare all targets with the model's output, (N, ...).

        Raises:
            ValueError: the loss or a metric can't be computed from them.
        """
        self.loss.check(y, output_shape)
        self._resolve(y.shape, output_shape)

    def take(
        self,
        head: Any,
        y: np.ndarray,
        weights: np.ndarray | None,
        output: np.ndarray,
        penalty: float = 0.0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take a batch in; return dense targets, and each loss's share in the whole.

        A penalty is added to the batch's mean loss.
        """
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
        self._mean.total += float(np.sum(values, dtype=np.float64)) * (samples / size)
        self._mean.total += penalty * samples
        self._mean.count += samples
        self._resolve(y.shape, output.shape)
        plain, weighted = self._metrics
        for metric in plain:
            metric.update_state(y, _for_metric(metric, predictions))
        for metric in weighted:
            metric.update_state(y, _for_metric(metric, predictions), weights)
        return targets, scale

    def _resolve(self, y_shape: tuple[int, ...], output_shape: Shape) -> None:
        """Find out, by the first targets, what the metrics' names stand for."""
        if self._resolved == self.wanted:
            return
        plain, weighted = (
            [metrics.resolve(one, y_shape, output_shape) for one in identifiers]
            for identifiers in self.wanted
        )
        self._metrics = plain, weighted
        self._resolved = self.wanted

    def reset(self) -> None:
        """Start the running means of loss and metrics again."""
        for metric in (self._mean, *itertools.chain(*self._metrics)):
            metric.reset_state()

    def results(self) -> Logs:
        """Return the running means: loss, metrics, weighted metrics.

        A weighted metric with the name of another is called ``weighted_accuracy``;
        what still has the same name is numbered.
        """
        plain, weighted = self._metrics
        named = {"loss": self._mean.result()}
        for metric in plain:
            named[_free_name(metric.name, named)] = metric.result()
        for metric in weighted:
            name = (
                metric.name if metric.name not in named else f"weighted_{metric.name}"
            )
            named[_free_name(name, named)] = metric.result()
        return named


def _metric_list(identifiers: Any) -> list[Any]:
    if identifiers is None:
        return []
    if isinstance(identifiers, dict):
        raise TypeError(f"compile: expected a list of metrics, received {identifiers}")
    if not isinstance(identifiers, list | tuple):
        identifiers = [identifiers]
    return [metrics.check(identifier) for identifier in identifiers]


def _free_name(name: str, taken: Logs) -> str:
    names = itertools.chain([name], (f"{name}_{n}" for n in itertools.count(1)))
    return next(free for free in names if free not in taken)


def _for_metric(metric: metrics.Metric, predictions: np.ndarray) -> np.ndarray:
    """Return what a metric may keep: the next batch overwrites the model's output."""
    own = type(metric) in metrics.ALL.values()
    return predictions if own else predictions.copy()
