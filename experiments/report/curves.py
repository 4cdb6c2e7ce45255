"""The training history, epoch by epoch: as a figure, and as charts.

A chart is one that one can point at, zoom into and take apart: plotly draws it in the
browser.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
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

    def curves(self, metric: str) -> Iterator[tuple[str, Sequence[float]]]:
        """Yield what there is of a metric, by the name of the data."""
        for what, column in (("training", metric), ("validation", f"val_{metric}")):
            if column in self.history:
                yield what, self.history[column]

    def best(self, metric: str) -> tuple[int, float] | None:
        """Return the best epoch, counted from 1, and what was reached in it."""
        values = self.history.get(f"val_{metric}", self.history.get(metric, ()))
        if self.best_epoch is None or not 0 <= self.best_epoch < len(values):
            return None
        return self.best_epoch + 1, values[self.best_epoch]


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
            prefix = f"{readable(name)}: " if len(trainings) > 1 else ""
            _draw_metric(axes, metric, training, prefix, SERIES[index % len(SERIES)])
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
    axes: Any, metric: str, training: Training, prefix: str, colour: str
) -> None:
    # One point makes no line: short histories show their points, too.
    point = "o" if len(training.history.get(metric, ())) < 3 else None
    for what, values in training.curves(metric):
        axes.plot(
            range(1, len(values) + 1),
            values,
            "-" if what == "training" else ":",
            color=colour,
            marker=point,
            markersize=4,
            linewidth=1.8,
            label=f"{prefix}{what}",
        )
    best = training.best(metric)
    if best is not None:
        label = f"{prefix}best epoch ({best[0]})"
        axes.plot(*zip(best), "*", color=colour, markersize=13, label=label)


def chart(metric: str, trainings: Mapping[str, Training]) -> dict[str, Any]:
    """Return plotly's description of one metric's chart.

    plotly reads a few HTML elements in texts: names are escaped for it.
    """
    traces: list[dict[str, Any]] = []
    several = len(trainings) > 1
    for index, (name, training) in enumerate(trainings.items()):
        label = escape(readable(name))
        for trace in _traces(metric, training, SERIES[index % len(SERIES)]):
            if several:
                # A model's lines are one entry of the legend.
                trace["showlegend"] = trace["name"] == "training"
                trace |= {"name": label, "legendgroup": label}
            traces.append(trace)
    axis = {"automargin": True, "zeroline": False}
    layout = {
        "title": {
            "text": escape(readable(metric)),
            "font": {"size": 15},
            "x": 0.02,
            "y": 0.98,
            "yanchor": "top",
        },
        "xaxis": {**axis, "title": {"text": "epoch", "standoff": 4}},
        "yaxis": axis,
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"},
        "margin": {"l": 45, "r": 10, "t": 80, "b": 10},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "#888", "activecolor": "#48c"},
    }
    return {"data": traces, "layout": layout}


def _traces(metric: str, training: Training, colour: str) -> Iterator[dict[str, Any]]:
    for what, values in training.curves(metric):
        dash = "solid" if what == "training" else "dot"
        yield {
            **_trace(what, "lines+markers" if len(values) < 3 else "lines"),
            "x": list(range(1, len(values) + 1)),
            "y": [_or_gap(value) for value in values],
            "line": {"color": colour, "dash": dash, "width": 2},
        }
    best = training.best(metric)
    if best is not None:
        yield {
            **_trace("best epoch", "markers"),
            "x": [best[0]],
            "y": [_or_gap(best[1])],
            "marker": {"color": colour, "symbol": "star", "size": 13},
        }


def _trace(name: str, mode: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": mode,
        "name": name,
        "hovertemplate": "epoch %{x}: %{y:.4f}",
    }


def _or_gap(value: float) -> float | None:
    """Return a number, or None for one that JSON lacks."""
    return value if math.isfinite(value) else None
