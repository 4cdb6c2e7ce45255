"""Figure: how loss and metrics went, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.report.look import SERIES, figure, readable

NO_METRIC = ("epoch", "seconds", "learning_rate", "lr")


@dataclass(frozen=True)
class Training:
    """The history of one run.

    Attributes:
        history: column → one value per epoch, as `scratchnet.runs.Run.history` has it.
        best_epoch: the epoch whose weights were tested, counted from 0; None if
            unknown.
    """

    history: Mapping[str, Sequence[float]]
    best_epoch: int | None = None


def metrics_of(trainings: Mapping[str, Training]) -> list[str]:
    """Return what there is to draw: accuracy, loss, then other metrics by name."""
    found = {
        name.removeprefix("val_")
        for training in trainings.values()
        for name in training.history
        if name not in NO_METRIC
    }
    first = [name for name in ("accuracy", "loss") if name in found]
    return first + sorted(found.difference(first))


def draw(trainings: Mapping[str, Training]) -> Any:
    """Draw a panel per metric: training solid, validation dotted, best epoch marked.

    Args:
        trainings: name → history; each name has a colour.
    """
    metrics = metrics_of(trainings)
    columns = min(2, max(1, len(metrics)))
    rows = max(1, math.ceil(len(metrics) / columns))
    made, panels = figure(5.2 * columns, 3.7 * rows + 0.4, rows, columns)
    for axes, metric in zip(panels, metrics, strict=False):
        for index, (name, training) in enumerate(trainings.items()):
            colour = SERIES[index % len(SERIES)]
            _draw_metric(axes, metric, name, training, colour, len(trainings) > 1)
        axes.set_title(readable(metric))
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(True, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[len(metrics) :]:
        axes.set_axis_off()
    if metrics:
        handles, labels = panels[0].get_legend_handles_labels()
        made.legend(
            handles,
            labels,
            loc="outside lower center",
            ncols=3,
            fontsize=9,
            handlelength=2.6,
        )
    return made


def _draw_metric(
    axes: Any, metric: str, name: str, training: Training, colour: str, named: bool
) -> None:
    prefix = f"{readable(name)}: " if named else ""
    # One point is no line: short histories show their points, too.
    point = "o" if len(training.history.get(metric, ())) < 3 else None
    for column, style, what in (
        (metric, "-", "training"),
        (f"val_{metric}", ":", "validation"),
    ):
        values = training.history.get(column)
        if values is None:
            continue
        epochs = range(1, len(values) + 1)
        axes.plot(
            epochs,
            values,
            style,
            color=colour,
            marker=point,
            markersize=4,
            linewidth=1.8,
            label=f"{prefix}{what}",
        )
    best = training.best_epoch
    watched = training.history.get(f"val_{metric}", training.history.get(metric, ()))
    if best is not None and 0 <= best < len(watched):
        axes.plot(
            [best + 1],
            [watched[best]],
            "*",
            color=colour,
            markersize=13,
            label=f"{prefix}best epoch ({best + 1})",
        )
