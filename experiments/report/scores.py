"""Figure: test accuracy and test loss of several models, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.report.look import INK, SERIES, figure, ink_on, readable


def draw(
    accuracies: Mapping[str, Sequence[float]],
    losses: Mapping[str, Sequence[float]],
    bars: str = "",
) -> Any:
    """Draw a bar per model, the mean of its seeds, with a dot for each of several.

    Args:
        accuracies: model → test accuracy of each seed, 0 to 1.
        losses: model → test loss of each seed.
        bars: what a bar is, to be written below.
    """
    # Small, so that a phone has room for it without making its text too small.
    made, panels = figure(max(5.6, 1.8 * len(accuracies)), 3, 1, 2)
    _bars(panels[0], accuracies, "test accuracy (higher is better)", "{:.1%}")
    panels[0].set_ylim(0, 1.08)
    panels[0].set_yticks(np.arange(0, 1.01, 0.2))
    panels[0].yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    _bars(panels[1], losses, "test loss (lower is better)", "{:.3f}")
    if bars:
        made.supxlabel(bars, fontsize=9.5)
    return made


def _bars(
    axes: Any,
    values: Mapping[str, Sequence[float]],
    title: str,
    form: str,
) -> None:
    means = [float(np.mean(seeds)) for seeds in values.values()]
    colours = [SERIES[index % len(SERIES)] for index in range(len(values))]
    bars = axes.bar(range(len(values)), means, 0.62, color=colours)
    several = any(len(seeds) > 1 for seeds in values.values())
    numbers = axes.bar_label(
        bars,
        [form.format(mean) for mean in means],
        padding=3,
        label_type="center" if several else "edge",
        fontweight="bold",
    )
    if several:
        for number, colour in zip(numbers, colours, strict=True):
            number.set_color(ink_on(colour))
        for position, seeds in enumerate(values.values()):
            spread = np.linspace(-0.12, 0.12, len(seeds)) if len(seeds) > 1 else [0]
            axes.plot(position + np.array(spread), seeds, "o", ms=4, color=INK)
    names = [readable(name, 16).replace(" ", "\n") for name in values]
    axes.set_xticks(range(len(values)), names)
    axes.tick_params(axis="x", length=0)
    axes.margins(y=0.12)
    axes.set_title(title, fontsize=9.5)
    axes.set_axisbelow(True)
    axes.grid(True, axis="y", linewidth=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
