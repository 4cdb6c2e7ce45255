"""What is measured of a model's output: the loss, and the metrics beside it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from scratchnet import losses, metrics
from scratchnet.foundation.shapes import Shape
from scratchnet.foundation.tensor import as_tensor

Logs = dict[str, Any]


class Measures:
    """The loss of one output, its metrics, and their running means.

    What is meant for the one output may also be a list of one, or a dictionary with
    the output's name.

    Args:
        loss: a name, a function that is known, or a `losses.Loss`; None is none.
        plain: a list of names, functions and `metrics.Metric` objects.
        weighted: the same, with sample weights taken into account.
        loss_weights: what the loss is multiplied with; None is 1.

    Raises:
        ValueError: a name is unknown, or there is more than one output's.
        TypeError: something is neither a name nor an object of its kind.
    """

    def __init__(
        self,
        loss: Any,
        plain: Any = None,
        weighted: Any = None,
        loss_weights: Any = None,
    ) -> None:
        loss = _of_one("loss", loss)
        self.loss = None if loss is None else losses.get(loss)
        self.loss_weights = loss_weights
        self._factor = _number(_of_one("loss_weights", loss_weights))
        self.wanted = (
            _metric_list("metrics", plain),
            _metric_list("weighted_metrics", weighted),
        )
        self._mean = metrics.Mean("loss")
        self._metrics: tuple[list[metrics.Metric], ...] = [], []
        self._resolved: Any = None

    @property
    def all(self) -> list[metrics.Metric]:
        """The running mean of the loss, and the metrics that are known by now."""
        return [self._mean, *itertools.chain(*self._metrics)]

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Compare all targets with the model's output, (N, ...).

        Raises:
            ValueError: the loss or a metric can't be computed from them.
        """
        if self.loss is None:
            raise ValueError(
                "there is no loss to compute: give compile one, such as "
                "compile(optimizer, loss='mse')"
            )
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
        assert loss is not None
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
        if self._factor != 1:
            total, scale = total * self._factor, scale * self._factor
        self._mean.add_total(total, samples)
        self._mean.add_total(penalty * samples, 0)
        self._resolve(y.shape, output.shape)
        plain, weighted = self._metrics
        for metric in plain:
            metric.update_state(*_for_metric(metric, y, predictions))
        for metric in weighted:
            metric.update_state(
                *_for_metric(metric, y, predictions), sample_weight=weights
            )
        return targets, scale.astype(output.dtype, copy=False)

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
        for metric in self.all:
            metric.reset_state()

    def results(self) -> Logs:
        """Return the running means: loss, metrics, weighted metrics.

        A weighted metric with the name of another is called ``weighted_accuracy``;
        what still has the same name is numbered. A metric whose result is a dictionary
        has the names in there.
        """
        plain, weighted = self._metrics
        named: Logs = {"loss": metrics.as_log(self._mean)}
        for metric in plain:
            _put(named, metric.name, metric)
        for metric in weighted:
            taken = metric.name in named
            _put(named, f"weighted_{metric.name}" if taken else metric.name, metric)
        return named


def _put(named: Logs, name: str, metric: metrics.Metric) -> None:
    result = metrics.as_log(metric)
    if isinstance(result, dict):
        named.update(result)
    else:
        named[_free_name(name, named)] = result


def _of_one(what: str, given: Any) -> Any:
    """Return what is given for the one output.

    Raises:
        ValueError: it is for several.
    """
    configuration = isinstance(given, dict) and "class_name" in given
    if isinstance(given, dict | list | tuple) and not configuration:
        values = list(given.values()) if isinstance(given, dict) else list(given)
        if len(values) != 1:
            raise ValueError(
                f"compile: expected one entry in {what} for one output, received "
                f"{given!r}; a model with several outputs predicts, and one of them "
                "is trained: make a Model of the inputs and that output, whose layers "
                "are the same"
            )
        return values[0]
    return given


def _number(weight: Any) -> float:
    if weight is None:
        return 1.0
    try:
        return float(weight)
    except (TypeError, ValueError):
        raise TypeError(
            f"compile: expected a number as loss_weights, received {weight!r}"
        ) from None


def _metric_list(what: str, identifiers: Any) -> list[Any]:
    if isinstance(identifiers, dict) and "class_name" not in identifiers:
        identifiers = _of_one(what, identifiers)
    if identifiers is None:
        return []
    if not isinstance(identifiers, list | tuple):
        identifiers = [identifiers]
    if len(identifiers) == 1 and isinstance(identifiers[0], list | tuple):
        identifiers = identifiers[0]
    return [metrics.check(identifier) for identifier in identifiers]


def _free_name(name: str, taken: Logs) -> str:
    names = itertools.chain([name], (f"{name}_{n}" for n in itertools.count(1)))
    return next(free for free in names if free not in taken)


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
