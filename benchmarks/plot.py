"""Pictures of results: bars side by side, and lines over a swept size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

COLOURS = {
    "scratchnet": "#c44e52",
    "keras": "#4c72b0",
    "keras_jit": "#8fb0dd",
    "torch": "#55a868",
    "torch_channels_last": "#8fcf9d",
    "torch_compile": "#c6e5cd",
}

Interval = tuple[float, float, float]
"""Median, and the quartiles below and above it."""


def figure(
    rows: int = 1, columns: int = 1, *, width: float = 9, height: float = 4
) -> Any:
    """Return an empty figure with its axes, in rows and columns."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width * columns, height * rows), layout="constrained")
    return made, made.subplots(rows, columns, squeeze=False)


def bars(
    axes: Any,
    groups: Sequence[str],
    series: Mapping[str, Sequence[Interval | None]],
    *,
    title: str,
    label: str,
    logarithmic: bool = False,
) -> None:
    """Draw a group of bars per name in ``groups``, one bar per series.

    Args:
        axes: what to draw on.
        groups: names below the groups.
        series: name → an interval per group; None leaves a gap.
        title: above.
        label: of the upright axis, with its unit.
        logarithmic: whether that axis is.
    """
    from matplotlib import ticker

    width = 0.8 / max(1, len(series))
    for index, (name, intervals) in enumerate(series.items()):
        there = [(group, i) for group, i in enumerate(intervals) if i is not None]
        if not there:
            continue
        middle = (index - (len(series) - 1) / 2) * width
        axes.bar(
            [group + middle for group, _ in there],
            [interval[0] for _, interval in there],
            width,
            yerr=[
                [interval[0] - interval[1] for _, interval in there],
                [interval[2] - interval[0] for _, interval in there],
            ],
            error_kw={"linewidth": 0.8},
            label=name.replace("_", " "),
            color=COLOURS.get(name),
        )
    axes.set_xticks(range(len(groups)), [_broken(group) for group in groups])
    axes.set_title(title)
    axes.set_ylabel(label)
    if logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
    if len(series) > 1:
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))


def lines(
    axes: Any,
    xs: Sequence[float],
    series: Mapping[str, Sequence[float]],
    *,
    title: str,
    x_label: str,
    label: str,
    logarithmic: bool = False,
) -> None:
    """Draw a line per series over ``xs``."""
    for name, values in series.items():
        axes.plot(xs, values, marker="o", label=name)
    if logarithmic:
        axes.set_xscale("log", base=2)
    axes.set_xticks(list(xs), _labels(xs) if logarithmic else [f"{x:g}" for x in xs])
    axes.set_title(title)
    axes.set_xlabel(x_label)
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    if len(series) > 1:
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))


def _broken(title: str) -> str:
    """Return a title on two lines, if it has a place to break."""
    return title.replace(" ", "\n", 1)


def _labels(xs: Sequence[float]) -> list[str]:
    """Return labels for a logarithmic axis, empty where they would overlap."""
    labels, last = [], 0.0
    for x in xs:
        labels.append(f"{x:g}" if x >= 1.2 * last else "")
        last = x if labels[-1] else last
    return labels


def interval(summary: Mapping[str, Any], factor: float = 1) -> Interval:
    """Return median and quartiles of a `statistics.summary`, in another unit."""
    median, q1, q3 = (summary[name] * factor for name in ("median", "q1", "q3"))
    return median, q1, q3
