"""Pictures of results: bars or points side by side, and lines over a swept size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

COLOURS = {
    # libraries
    "scratchnet": "#c44e52",
    "keras": "#4c72b0",
    "keras_jit": "#8fb0dd",
    "torch": "#2f7d43",
    "torch_channels_last": "#69b97c",
    "torch_compile": "#b4dcbd",
    # rungs
    "reference": "#8c8c8c",
    "loops": "#dd8452",
    "im2col": "#8172b3",
    "blas": "#4c72b0",
    "direct": "#c44e52",
    "winograd": "#55a868",
}

MARKERS = "osDv^P"

Interval = tuple[float, float, float]
"""Median, and the quartiles below and above it."""

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
        series: the bars; their whiskers are quartiles.
        title: above.
        label: of the upright axis, with its unit.
        level: name and height of a black line across.
    """
    width = 0.8 / max(1, len(series))
    for name, places, intervals in _placed(series, width):
        axes.bar(
            places,
            [median for median, _, _ in intervals],
            width,
            yerr=whiskers(intervals),
            error_kw={"linewidth": 0.8},
            label=name.replace("_", " "),
            color=COLOURS.get(name),
        )
    if level is not None:
        axes.axhline(level[1], color="black", linewidth=0.8, label=level[0])
    _describe(axes, groups, title, label)
    if len(series) > 1 or level is not None:
        _add_legend(axes)


def points(
    axes: Any, groups: Sequence[str], series: Series, *, title: str, label: str
) -> None:
    """Draw a group of points per name in ``groups``, on a logarithmic axis.

    A bar would begin at a height that means nothing: that axis has no zero.

    Args:
        axes: what to draw on.
        groups: names below the groups.
        series: the points; their whiskers are quartiles.
        title: above.
        label: of the upright axis, with its unit.
    """
    from matplotlib import ticker

    placed = _placed(series, 0.7 / max(1, len(series)))
    for marker, (name, places, intervals) in zip(cycle(MARKERS), placed, strict=False):
        axes.errorbar(
            places,
            [median for median, _, _ in intervals],
            whiskers(intervals),
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
    _describe(axes, groups, title, label)
    _add_legend(axes)


def _placed(
    series: Series, width: float
) -> Iterator[tuple[str, list[float], list[Interval]]]:
    """Yield each series' name, where its intervals stand, and those that are there."""
    for index, (name, intervals) in enumerate(series.items()):
        offset = (index - (len(series) - 1) / 2) * width
        there = {
            group + offset: interval
            for group, interval in enumerate(intervals)
            if interval is not None
        }
        if there:
            yield name, list(there), list(there.values())


def whiskers(intervals: Sequence[Interval]) -> list[list[float]]:
    """Return how far the quartiles are below the medians, and how far above."""
    return [
        [median - lower for median, lower, _ in intervals],
        [upper - median for median, _, upper in intervals],
    ]


def _describe(axes: Any, groups: Sequence[str], title: str, label: str) -> None:
    axes.set_xticks(range(len(groups)), [_broken(group) for group in groups])
    axes.set_title(title)
    axes.set_ylabel(label)


def _add_legend(axes: Any) -> None:
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))


def line(
    axes: Any,
    xs: Sequence[float],
    intervals: Sequence[Interval],
    *,
    title: str,
    x_label: str,
    label: str,
    logarithmic: bool = False,
) -> None:
    """Draw a line through medians over ``xs``; whiskers are quartiles."""
    medians = [median for median, _, _ in intervals]
    axes.errorbar(
        xs,
        medians,
        whiskers(intervals),
        marker="o",
        markersize=4,
        elinewidth=1,
        capsize=2,
    )
    if logarithmic:
        axes.set_xscale("log", base=2)
        axes.minorticks_off()
    axes.set_xticks(list(xs), lowered(xs) if logarithmic else [f"{x:g}" for x in xs])
    axes.set_title(title)
    axes.set_xlabel(x_label)
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)


CHARACTER, GAP = 0.019, 0.005
"""How wide a label's character is, and what is left free between two labels: shares of
a panel 6 inches wide."""


def lowered(xs: Sequence[float]) -> list[str]:
    r"""Return labels for a logarithmic axis, those that would overlap a line lower.

    >>> lowered([1, 31, 32, 33, 64])
    ['1', '31', '\n32', '\n\n33', '64']
    """
    width = math.log(xs[-1] / xs[0]) if len(xs) > 1 else 1.0
    labels: list[str] = []
    ends: list[float] = []  # of the last label in each line
    for x in xs:
        half = len(f"{x:g}") * CHARACTER / 2
        place = math.log(x / xs[0]) / width
        free = (n for n, end in enumerate(ends) if place - half >= end + GAP)
        row = next(free, len(ends))
        ends[row : row + 1] = [place + half]
        labels.append("\n" * row + f"{x:g}")
    return labels


def _broken(title: str) -> str:
    """Return a title on two lines, if it has a place to break."""
    return title.replace(" ", "\n", 1)


def interval(summary: Mapping[str, Any], factor: float = 1) -> Interval:
    """Return median and quartiles of a `statistics.summary`, in another unit."""
    median, q1, q3 = (summary[name] * factor for name in ("median", "q1", "q3"))
    return median, q1, q3


def speed(summary: Mapping[str, Any], work: float) -> Interval:
    """Return work per second, of a `statistics.summary` of seconds."""
    median, q1, q3 = interval(summary)
    return work / median, work / q3, work / q1
