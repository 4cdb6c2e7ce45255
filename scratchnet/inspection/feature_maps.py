"""What every layer makes of one image."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.inspection import figures, passes
from scratchnet.inspection.passes import Model

# Units of a dense layer in a row.
CELLS = 64


def feature_maps(model: Model, image: Any) -> dict[str, np.ndarray]:
    """Return what each layer makes of an image: layer's path → output.

    Args:
        model: a built model.
        image: one sample, with or without a batch's dimension.

    Returns:
        Arrays without the batch's dimension: (H, W, C) of convolutions and what is
        like them, (C,) of dense layers.

    >>> import scratchnet as keras
    >>> model = keras.architectures.basic_cnn((28, 28, 1), 10)
    >>> maps = feature_maps(model, np.zeros((28, 28, 1)))
    >>> [found.shape for found in maps.values()][:2]
    [(26, 26, 32), (13, 13, 32)]
    """
    steps = passes.outputs(model, passes.one_sample(model, image))
    return {path: step.y[0] for path, step in steps.items()}


def plot_feature_maps(model: Model, image: Any, *, most: int = 16) -> Any:
    """Draw an image and what every layer makes of it; returns a matplotlib figure.

    Each layer has a row: of its maps those that are largest on average, each scaled by
    its own largest value, which stands above it beside the channel's number; of a
    dense layer, or of maps of one pixel, one cell per unit. Layers that leave the
    picture as it is (Rescaling; Dropout at inference; Flatten) have no row.

    Args:
        model: a built model.
        image: one sample, with or without a batch's dimension.
        most: how many maps to show of a layer.
    """
    batch = passes.one_sample(model, image)
    rows = [
        (path, step.y[0])
        for path, step in passes.outputs(model, batch).items()
        if step.kind not in (*passes.UNCHANGED, "rescaling")
    ]
    figure = figures.new(10.5, sum(_height(values) for _, values in rows) + 1.8)
    heights = [1.4, *(_height(values) for _, values in rows)]
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)
    _draw_input(parts[0, 0], batch[0])
    for part, (name, values) in zip(parts[1:, 0], rows, strict=True):
        if _has_plane(values):
            _draw_maps(part, name, values, most)
        else:
            _draw_units(part, name, values.reshape(-1))
    figures.title(figure, f"{model.name}: one image through every layer")
    return figure


def _height(values: np.ndarray) -> float:
    return 1.0 if _has_plane(values) else 0.75


def _has_plane(values: np.ndarray) -> bool:
    return values.ndim == 3 and values.shape[:2] != (1, 1)


def _draw_input(part: Any, image: np.ndarray) -> None:
    axes = part.subplots(1, 1)
    axes.set_anchor("W")
    if image.ndim == 3:
        figures.show_image(axes, image)
    else:
        _show_cells(axes, image.reshape(-1))
    _caption(part, f"input  {' × '.join(map(str, image.shape))}")


def _draw_maps(part: Any, name: str, values: np.ndarray, most: int) -> None:
    means = np.abs(values).mean(axis=(0, 1), dtype=np.float64)
    channels = np.argsort(-means, kind="stable")[:most]
    axes = part.subplots(1, max(most, 2), squeeze=False)[0]
    signed = bool(values.min() < 0)
    for position, one in enumerate(axes):
        if position >= len(channels):
            one.set_axis_off()
            continue
        picture = values[..., channels[position]]
        largest = float(np.abs(picture).max())
        figures.show(one, picture, signed=signed)
        figures.axes_title(one, f"{channels[position]}: {largest:.2g}", size=6)
    _caption(part, f"{name}  {' × '.join(map(str, values.shape))}")


def _draw_units(part: Any, name: str, values: np.ndarray) -> None:
    _show_cells(part.subplots(1, 1), values)
    low, high = float(values.min()), float(values.max())
    _caption(part, f"{name}  {len(values)} units, {low:.2g} to {high:.2g}")


def _show_cells(axes: Any, values: np.ndarray) -> None:
    """Draw one cell per value, as many in a row for every layer."""
    cells = np.full(math.ceil(len(values) / CELLS) * CELLS, np.nan)
    cells[: len(values)] = values
    signed = bool(values.min() < 0)
    figures.show(axes, cells.reshape(-1, CELLS), signed=signed)
    axes.set_axis_off()


def _caption(part: Any, text: str) -> None:
    part.suptitle(text, fontsize=8, x=0.01, ha="left").set_parse_math(False)
