"""The training history as charts that one can point at, zoom into and take apart.

plotly (extra ``report``) draws them in the browser; what it needs is in the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from importlib import resources
from importlib.util import find_spec
from typing import Any

from experiments.report.history import Training, metrics_of
from experiments.report.look import SERIES, readable
from experiments.report.markup import Html, element, join, json_script


def available() -> bool:
    """Return whether plotly is installed."""
    return find_spec("plotly") is not None


def scripts() -> list[str]:
    """Return the scripts that a page with charts needs, in order."""
    from plotly.offline import get_plotlyjs

    own = resources.files("experiments.report").joinpath("charts.js")
    return [get_plotlyjs(), own.read_text(encoding="utf-8")]


def charts(identifier: str, trainings: Mapping[str, Training]) -> Html:
    """Return a chart per metric.

    Args:
        identifier: start of the elements' names, unique in the page.
        trainings: name → history.
    """
    parts: list[Html] = []
    for metric in metrics_of(trainings):
        name = f"{identifier}-{len(parts)}"
        parts.append(
            join(
                [
                    element("div", "", class_="chart", data_content=name),
                    json_script(name, chart(metric, trainings)),
                ]
            )
        )
    return element("div", *parts, Html(""), class_="charts")


def chart(metric: str, trainings: Mapping[str, Training]) -> dict[str, Any]:
    """Return plotly's description of one metric's chart.

    plotly reads a few HTML elements in texts: names are escaped for it.
    """
    return {"data": _traces(metric, trainings), "layout": _layout(metric)}


def _traces(metric: str, trainings: Mapping[str, Training]) -> list[dict[str, Any]]:
    traces: list[dict[str, Any]] = []
    several = len(trainings) > 1
    for index, (name, training) in enumerate(trainings.items()):
        label = escape(readable(name))
        colour = SERIES[index % len(SERIES)]
        for column, dash, what in (
            (metric, "solid", "training"),
            (f"val_{metric}", "dot", "validation"),
        ):
            values = training.history.get(column)
            if values is None:
                continue
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers" if len(values) < 3 else "lines",
                    "name": label if several else what,
                    **_together(label, several, shown=what == "training"),
                    "x": list(range(1, len(values) + 1)),
                    "y": [value if math.isfinite(value) else None for value in values],
                    "line": {"color": colour, "dash": dash, "width": 2},
                    "hovertemplate": "epoch %{x}: %{y:.4f}",
                }
            )
        watched = training.history.get(f"val_{metric}", training.history.get(metric))
        best = training.best_epoch
        if watched and best is not None and 0 <= best < len(watched):
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": label if several else "best epoch",
                    **_together(label, several, shown=False),
                    "x": [best + 1],
                    "y": [watched[best] if math.isfinite(watched[best]) else None],
                    "marker": {"color": colour, "symbol": "star", "size": 13},
                    "hovertemplate": "epoch %{x}: %{y:.4f}",
                }
            )
    return traces


def _together(label: str, several: bool, *, shown: bool) -> dict[str, Any]:
    """Return what makes one entry of the legend of a model's lines, where several."""
    return {"legendgroup": label, "showlegend": shown} if several else {}


def _layout(metric: str) -> dict[str, Any]:
    axis = {"automargin": True, "zeroline": False}
    return {
        "title": {
            "text": escape(readable(metric)),
            "font": {"size": 15},
            "x": 0.02,
            "y": 0.98,
            "yanchor": "top",
        },
        "xaxis": {**axis, "title": {"text": "epoch", "standoff": 4}},
        "yaxis": dict(axis),
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"},
        "margin": {"l": 45, "r": 10, "t": 80, "b": 10},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "#888", "activecolor": "#48c"},
    }
