"""What the figures have in common: grids of pictures, colours, titles.

Figures are made without pyplot, so that none of them stays open anywhere. Names from
outside are written as they are: matplotlib would take a ``$`` for mathematics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

# Above 0 red, below blue, 0 white: for weights and gradients.
SIGNED = "RdBu_r"
# Dark for 0, bright for much: for activations.
AMOUNT = "viridis"


def new(width: float, height: float) -> Any:
    """Return an empty figure of a size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def grid(
    pictures: Sequence[np.ndarray],
    *,
    columns: int,
    size: float,
    signed: bool = False,
) -> Any:
    """Return a figure of small pictures, row by row.

    Args:
        pictures: (H, W) values or (H, W, 3) colours.
        columns: of the grid.
        size: of a picture, in inches.
        signed: whether values are shown as above or below 0, each picture scaled by
            its own largest; otherwise from 0 to its greatest.
    """
    columns = max(1, min(columns, len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    figure = new(max(columns * size * 1.05, 3.0), rows * size * 1.05 + 0.4)
    axes = figure.subplots(rows, columns, squeeze=False).reshape(-1)
    for one in axes:
        one.set_axis_off()
    for one, picture in zip(axes, pictures, strict=False):
        show(one, picture, signed=signed)
    return figure


def panels(count: int, *, height: float) -> tuple[Any, list[Any]]:
    """Return a figure of up to four diagrams in a row, and the axes of each."""
    columns = min(4, max(1, count))
    rows = math.ceil(count / columns)
    figure = new(2.7 * columns, height * rows + 0.5)
    axes = figure.subplots(rows, columns, squeeze=False).reshape(-1)
    for one in axes[count:]:
        one.set_axis_off()
    for one in axes[:count]:
        one.tick_params(labelsize=7)
    return figure, list(axes[:count])


def show(axes: Any, picture: np.ndarray, *, signed: bool = False) -> Any:
    """Draw one picture, its pixels as squares."""
    axes.set_xticks([])
    axes.set_yticks([])
    if picture.ndim == 3:
        return axes.imshow(picture, interpolation="nearest")
    low, high = min(0.0, float(np.nanmin(picture))), float(np.nanmax(picture)) or 1.0
    if signed:
        high = float(np.nanmax(np.abs(picture))) or 1.0
        low = -high
    colours = SIGNED if signed else AMOUNT
    return axes.imshow(
        picture, cmap=colours, vmin=low, vmax=high, interpolation="nearest"
    )


def show_image(axes: Any, image: np.ndarray) -> Any:
    """Draw an image (H, W, C) of any scale: grey, or in colours."""
    axes.set_xticks([])
    axes.set_yticks([])
    values = np.asarray(image, np.float64)
    low, high = float(values.min()), float(values.max())
    if image.dtype == np.uint8:
        low, high = 0.0, 255.0
    values = (values - low) / ((high - low) or 1.0)
    if values.shape[-1] == 3:
        return axes.imshow(values, interpolation="nearest")
    return axes.imshow(
        values.mean(axis=-1), cmap="gray", vmin=0, vmax=1, interpolation="nearest"
    )


def signed_colours(values: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) values as colours: 0 is grey, the largest fully bright or dark.

    >>> signed_colours(np.array([[[-2.0, 0.0, 1.0]]]))
    array([[[0.  , 0.5 , 0.75]]])
    """
    limit = float(np.max(np.abs(values), initial=0)) or 1.0
    return 0.5 + 0.5 * values / limit


def logarithmic(axes: Any) -> None:
    """Make the vertical axis logarithmic, with 0.001 written below 0.01.

    Matplotlib would write powers of ten as mathematics, which is off where names must
    be written as they are.
    """
    from matplotlib.ticker import LogFormatter

    class Plain(LogFormatter):
        def __call__(self, x: float, pos: int | None = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(Plain())
    axes.yaxis.set_minor_formatter(Plain())


def title(figure: Any, text: str) -> None:
    """Write a title above everything."""
    figure.suptitle(text, fontsize=11).set_parse_math(False)


def axes_title(axes: Any, text: str, *, size: float = 9) -> None:
    """Write a title above one picture."""
    axes.set_title(text, fontsize=size).set_parse_math(False)
