"""What training makes small: the losses of all outputs, and penalties."""

from __future__ import annotations

import copy
import itertools
from typing import Any

from scratchnet import losses, metrics
from scratchnet.foundation.shapes import Shape
from scratchnet.foundation.structure import each
from scratchnet.layers.keras_tensor import flat
from scratchnet.models import by_output
from scratchnet.models.by_output import Outputs
from scratchnet.models.measures import Measures

Logs = dict[str, Any]


class Objective:
    """Losses and metrics, as `compile` is given them, and what they come to.

        total = ∑ᵢ weightᵢ · lossᵢ(yᵢ, outputᵢ) + penalties

    Which of them is for which output shows when the outputs are known.

    Args:
        given: ``loss``, ``loss_weights``, ``metrics`` and ``weighted_metrics``.

    Attributes:
        measures: of each output; none before the outputs are known.

    Raises:
        ValueError: a name is unknown.
        TypeError: something is neither a name nor an object of its kind.
    """

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        each(losses.get, given["loss"])
        for what in ("metrics", "weighted_metrics"):
            each(metrics.check, given[what])
        self.measures: list[Measures] = []
        self._mean = metrics.Mean("loss")
        self._outputs: Outputs | None = None
        self._in_order: list[Measures] = []

    def meet(self, outputs: Outputs) -> list[Measures]:
        """Give every output what is meant for it, and return that.

        Raises:
            ValueError, KeyError, TypeError: something is for outputs that there are
                not, or not for those that there are.
        """
        if outputs == self._outputs:
            return self.measures
        loss, names = self.given["loss"], outputs.names
        chosen = by_output.losses(loss, outputs)
        made = _different([one and losses.get(one) for one in chosen])
        rows = zip(
            made,
            by_output.loss_weights(self.given["loss_weights"], loss, outputs),
            by_output.metrics("metrics", self.given["metrics"], outputs),
            by_output.metrics(
                "weighted_metrics", self.given["weighted_metrics"], outputs
            ),
            names if len(names) > 1 else [None],
            [f"{_name(*row)}_loss" for row in zip(names, chosen, made, strict=True)],
            strict=True,
        )
        self.measures = [Measures(*row) for row in rows]
        named = dict(zip(names, self.measures, strict=True))
        by_key = loss if isinstance(loss, dict) else outputs.keys
        every = [named[k] for k in by_key] if outputs.keys and by_key else self.measures
        trained = [one for one in every if one.loss is not None]
        self._in_order = trained if len(trained) > 1 else []
        self._outputs = outputs
        return self.measures

    def arranged(self, who: str, y: Any, weights: Any, outputs: Outputs) -> Any:
        """Return targets and sample weights for each of several outputs."""
        has_loss = [one.loss is not None for one in self.meet(outputs)]
        targets = by_output.targets(who, y, has_loss, outputs)
        return targets, by_output.sample_weights(who, weights, targets, outputs)

    def check(self, y: Any, shapes: list[Shape]) -> None:
        """Compare all targets with the outputs, (N, ...).

        Raises:
            ValueError: there is no loss, or a loss or a metric can't be computed.
        """
        if all(one.loss is None for one in self.measures):
            raise ValueError(
                "there is no loss to compute: give compile one, such as "
                "compile(optimizer, loss='mse')"
            )
        for one, targets, shape in zip(self.measures, flat(y), shapes, strict=True):
            one.check(targets, shape)

    def take(
        self, heads: list[Any], batch: Any, outputs: list[Any], penalty: float
    ) -> list[Any]:
        """Take a batch in; return what each output's way back begins with.

        A penalty is added to the batch's mean loss.
        """
        samples, shares = len(outputs[0]), []
        weights = flat(batch.sample_weight)
        if len(weights) < len(outputs):
            weights = weights * len(outputs)
        for i, (one, *rest) in enumerate(
            zip(self.measures, heads, flat(batch.y), weights, outputs, strict=True)
        ):
            total, share = one.take(*rest)
            self._mean.add_total(total, 0 if i else samples)
            shares.append(share)
        self._mean.add_total(penalty * samples, 0)
        return shares

    @property
    def all(self) -> list[metrics.Metric]:
        """The total's running mean, the metrics, and the means of several losses."""
        return [
            self._mean,
            *(metric for one in self.measures for metric in one.plain),
            *(metric for one in self.measures for metric in one.weighted),
            *self._means,
        ]

    @property
    def _means(self) -> list[metrics.Metric]:
        return [one.mean for one in self._in_order]

    @property
    def names(self) -> list[str]:
        """What Keras 3 says of them: its metrics are one."""
        there = self.given["metrics"] is not None
        there = there or self.given["weighted_metrics"] is not None
        every = ["loss", "compile_metrics"] if there else ["loss"]
        return [*every, *(mean.name for mean in self._means)]

    def directions(self) -> dict[str, str]:
        """Return whether more ("max") or less ("min") is better, where that is known.

        By names in the logs: the losses', and those of metrics that know it.
        """
        found = dict.fromkeys(("loss", *(mean.name for mean in self._means)), "min")
        for one in self.measures:
            for identifier in itertools.chain(*one.wanted):
                name, mode = metrics.name_and_mode(identifier)
                if mode is not None:
                    found[_prefixed(one, name)] = mode
        return found

    def reset(self) -> None:
        """Start the running means of losses and metrics again."""
        for metric in [*self.all, *(one.mean for one in self.measures)]:
            metric.reset_state()

    def results(self) -> Logs:
        """Return the running means: the total, metrics, weighted metrics, losses.

        Of several outputs, each has its name before those of its metrics. A weighted
        metric with the name of another is called ``weighted_accuracy``; what still has
        the same name is numbered. A metric whose result is a dictionary has the names
        in there.
        """
        named: Logs = {"loss": metrics.as_log(self._mean)}
        for one in self.measures:
            for metric in one.plain:
                _put(named, _prefixed(one, metric.name), metric)
        for one in self.measures:
            for metric in one.weighted:
                name = _prefixed(one, metric.name)
                if name in named:
                    name = _prefixed(one, f"weighted_{metric.name}")
                _put(named, name, metric)
        for mean in self._means:
            named[mean.name] = metrics.as_log(mean)
        return named


def _different(chosen: list[Any]) -> list[Any]:
    """Return losses of which no two are the same object: each keeps its batch's own."""
    met: set[int] = set()
    found = []
    for loss in chosen:
        found.append(copy.copy(loss) if id(loss) in met else loss)
        met.add(id(loss))
    return found


def _name(output: str | None, given: Any, loss: Any) -> str:
    """Return an output's name, or its loss's where it has none."""
    if output is None and not isinstance(given, str):
        return getattr(loss, "name", "")
    return output or given


def _prefixed(one: Measures, name: str) -> str:
    return name if one.name is None else f"{one.name}_{name}"


def _put(named: Logs, name: str, metric: metrics.Metric) -> None:
    result = metrics.as_log(metric)
    if isinstance(result, dict):
        named.update(result)
    else:
        named[_free_name(name, named)] = result


def _free_name(name: str, taken: Logs) -> str:
    names = itertools.chain([name], (f"{name}_{n}" for n in itertools.count(1)))
    return next(free for free in names if free not in taken)
