"""Pictures of results: bars side by side, or points on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

# Others get matplotlib's own.
COLOURS = {
    "scratchnet": "#c44e52",
    "keras": "#4c72b0",
    "keras_jit": "#8fb0dd",
    "torch": "#2f7d43",
    "torch_channels_last": "#69b97c",
    "torch_compile": "#b4dcbd",
}

MARKERS = "osDv^P"

Interval = tuple[float, float, float]
"""Median, and the quartiles below and above it: they are drawn as whiskers."""

Series = Mapping[str, Sequence[Interval | None]]
"""Name → an interval per group; None leaves a gap."""


def figure(
    rows: int = 1,
    columns: int = 1,
    *,
    width: float = 9,
    height: float = 4,
    title: str | None = None,
) -> Any:
    """Return an empty figure with its axes, in rows and columns."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width * columns, height * rows), layout="constrained")
    if title is not None:
        made.suptitle(title)
    return made, made.subplots(rows, columns, squeeze=False)


def bars(
    axes: Any,
    groups: Sequence[str],
    series: Series,
    *,
    title: str,
    label: str,
    level: tuple[str, float] | None = None,
) -> None:
    """Draw a group of bars per name in ``groups``, one bar per series.

    Args:
        axes: what to draw on.
        groups: names below the groups.
        series: the bars.
        title: above.
        label: of the upright axis, with its unit.
        level: name and height of a black line across.
    """
    width = 0.8 / max(1, len(series))
    for name, places, medians, whiskers in _placed(series, width):
        axes.bar(
            places,
            medians,
            width,
            yerr=whiskers,
            error_kw={"linewidth": 0.8},
            label=name.replace("_", " "),
            color=COLOURS.get(name),
        )
    if level is not None:
        axes.axhline(level[1], color="black", linewidth=0.8, label=level[0])
    _describe(axes, groups, title, label, legend=len(series) > 1 or level is not None)


def points(
    axes: Any, groups: Sequence[str], series: Series, *, title: str, label: str
) -> None:
    """Draw a group of points per name in ``groups``, on a logarithmic axis.

    A bar would begin at a height that means nothing: that axis has no zero. The
    arguments are those of `bars`.
    """
    from matplotlib import ticker

    placed = _placed(series, 0.7 / max(1, len(series)))
    for marker, (name, places, medians, whiskers) in zip(
        cycle(MARKERS), placed, strict=False
    ):
        axes.errorbar(
            places,
            medians,
            whiskers,
            fmt=marker,
            markersize=6,
            color=COLOURS.get(name),
            markeredgecolor="black",
            markeredgewidth=0.6,
            ecolor="black",
            elinewidth=0.8,
            capsize=2,
            label=name.replace("_", " "),
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    for place in range(1, len(groups)):
        axes.axvline(place - 0.5, color="lightgrey", linewidth=0.8)
    axes.set_xlim(-0.5, len(groups) - 0.5)
    _describe(axes, groups, title, label, legend=True)


def _placed(
    series: Series, width: float
) -> Iterator[tuple[str, list[float], list[float], list[list[float]]]]:
    """Yield each series' name, places, medians, and whiskers downwards and upwards."""
    for index, (name, intervals) in enumerate(series.items()):
        offset = (index - (len(series) - 1) / 2) * width
        there = {
            group + offset: interval
            for group, interval in enumerate(intervals)
            if interval is not None
        }
        if there:
            medians = [median for median, _, _ in there.values()]
            below = [median - lower for median, lower, _ in there.values()]
            above = [upper - median for median, _, upper in there.values()]
            yield name, list(there), medians, [below, above]


def _describe(
    axes: Any, groups: Sequence[str], title: str, label: str, *, legend: bool
) -> None:
    # A group's name goes on two lines if it has a place to break.
    axes.set_xticks(
        range(len(groups)), [group.replace(" ", "\n", 1) for group in groups]
    )
    axes.set_title(title)
    axes.set_ylabel(label)
    if legend:
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))


def interval(summary: Mapping[str, Any], factor: float = 1) -> Interval:
    """Return median and quartiles of a `statistics.summary`, in another unit."""
    median, q1, q3 = (summary[name] * factor for name in ("median", "q1", "q3"))
    return median, q1, q3
