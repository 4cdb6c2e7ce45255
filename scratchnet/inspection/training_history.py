"""Figures of what a `callbacks.LayerMonitor` recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scratchnet.inspection import figures

Record = Mapping[str, Any]

# More names than this would leave no room for the lines.
MOST_NAMES = 12


def plot_training(record: Record) -> Any:
    """Draw gradient norms, update ratios and dead units; returns a matplotlib figure.

    Args:
        record: `LayerMonitor.record`, or the file that it wrote.

    Raises:
        ValueError: nothing was recorded.
    """
    if not record.get("steps"):
        raise ValueError(
            "plot_training: expected the record of a training, received an empty one"
        )
    dead = _dead(record)
    figure = figures.new(9.5, 7.6 if dead else 5.4)
    axes = figure.subplots(3 if dead else 2, 1, squeeze=False)[:, 0]
    names = list(record["gradient_norm"])
    colours = dict(zip(names, _by_depth(len(names)), strict=True))
    for one, kind, label in (
        (axes[0], "gradient_norm", "gradient norm"),
        (axes[1], "update_ratio", "update / weight"),
    ):
        for name, values in record[kind].items():
            heights = np.array(values, float)  # NaN for None: a gap in the line
            one.plot(record["steps"], heights, color=colours[name], lw=1.3, label=name)
        figures.logarithmic(one)
        one.set_ylabel(label)
        one.set_xlabel("step")
    axes[1].axhline(1e-3, color="black", linewidth=0.8, linestyle=":")
    for name, shares in dead.items():
        epochs = [epoch + 1 for epoch in record["epochs"]]
        percent = [100 * share for share in shares]
        colour = colours.get(name, "grey")
        axes[-1].plot(epochs, percent, color=colour, marker="o", ms=3, label=name)
    if dead:
        axes[-1].set_ylabel("dead ReLU units, %")
        axes[-1].set_xlabel("epoch")
        axes[-1].set_ylim(bottom=0, top=max(10, axes[-1].get_ylim()[1]))
        axes[-1].xaxis.get_major_locator().set_params(integer=True)
    for one in axes:
        one.grid(alpha=0.3)
        one.spines[["top", "right"]].set_visible(False)
    _legend(axes[0])
    figures.title(figure, "Layer by layer, over training")
    return figure


def plot_activation_history(record: Record) -> Any:
    """Draw each layer's histogram of activations, epoch by epoch; returns a figure.

    A column is an epoch, the darker the more values lie there; values of exactly 0 are
    left out.

    Args:
        record: `LayerMonitor.record`, or the file that it wrote.

    Raises:
        ValueError: no activations were recorded: `LayerMonitor` had no samples.
    """
    layers = record.get("activations") or {}
    if not layers:
        raise ValueError(
            "plot_activation_history: expected a record with activations, received "
            "one without; give LayerMonitor some samples: LayerMonitor(x_test[:256])"
        )
    figure, axes = figures.panels(len(layers), height=2.0)
    for one, (name, history) in zip(axes, layers.items(), strict=True):
        for epoch, found in zip(record["epochs"], history, strict=True):
            counts = np.array(found["counts"], float)
            one.pcolormesh(
                [epoch + 0.5, epoch + 1.5],
                found["edges"],
                np.sqrt(counts / max(counts.max(), 1))[:, np.newaxis],
                cmap="Blues",
                vmin=0,
                vmax=1,
            )
        one.xaxis.get_major_locator().set_params(integer=True)
        figures.axes_title(one, name, size=8)
    figures.title(figure, "Activations other than 0, epoch by epoch")
    return figure


def _dead(record: Record) -> dict[str, list[float]]:
    return {
        name: [found["dead"] for found in history]
        for name, history in record.get("activations", {}).items()
        if history and history[0]["dead"] is not None
    }


def _by_depth(count: int) -> list[Any]:
    from matplotlib import colormaps

    # Beyond 0.75 comes yellow, which is hard to see on white.
    return [colormaps["plasma"](0.75 * i / max(count - 1, 1)) for i in range(count)]


def _legend(axes: Any) -> None:
    """Name the lines; of many, the first, the last and some between, by depth."""
    lines, names = axes.get_legend_handles_labels()
    shown = np.unique(np.linspace(0, len(lines) - 1, MOST_NAMES).round().astype(int))
    legend = axes.legend(
        [lines[i] for i in shown],
        [names[i] for i in shown],
        title=None if len(shown) == len(lines) else f"some of {len(lines)} layers",
        fontsize=9,
        loc="upper left",
        bbox_to_anchor=(1, 1),
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
