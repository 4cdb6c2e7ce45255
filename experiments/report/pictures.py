"""Figures: images of a data set, with what they are and what they were taken for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.report.look import (
    DOTS_PER_INCH,
    FAINT,
    INK,
    RIGHT,
    WRONG,
    figure,
    readable,
)
from experiments.report.tiles import Tile

# Of these letters, ten titles stand side by side.
LONGEST_TITLE = 14


def mosaic(
    pixels: np.ndarray, columns: int, above: int, gap: int
) -> tuple[np.ndarray, np.ndarray]:
    """Put images side by side into one, on nothing: drawing one is much faster.

    Args:
        pixels: (N, H, W, 3) uint8.
        columns: images in a row.
        above: transparent pixels above each image.
        gap: transparent pixels beside each image, half of them on either side.

    Shapes:
        returns: the mosaic, (rows·(H + above), columns·(W + gap), 4) uint8, and the
        upper left corner of each image in it, (N, 2), as (x, y).
    """
    count, height, width, _ = pixels.shape
    rows = math.ceil(count / columns)
    canvas = np.zeros((rows * (height + above), columns * (width + gap), 4), np.uint8)
    corners = np.empty((count, 2), np.int64)
    for index, image in enumerate(pixels):
        row, column = divmod(index, columns)
        x, y = column * (width + gap) + gap // 2, row * (height + above) + above
        canvas[y : y + height, x : x + width, :3] = image
        canvas[y : y + height, x : x + width, 3] = 255
        corners[index] = x, y
    return canvas, corners


def draw_grid(
    tiles: Sequence[Tile],
    titles: Sequence[str],
    colours: Sequence[str],
    *,
    columns: int = 10,
    lines: int = 1,
    font_size: float = 8,
) -> Any:
    """Draw images in rows, each with a title of some lines above it.

    Args:
        tiles: at least one.
        titles: one per image.
        colours: of the titles.
        columns: images in a row, at most.
        lines: of text in a title.
        font_size: of the titles, in points.
    """
    pixels = np.stack([tile.pixels for tile in tiles])
    columns = min(columns, len(pixels))
    width = pixels.shape[2]
    gap = max(2, round(0.35 * width))
    # A pixel of the images becomes a whole number of the figure's, so that all of
    # them have the same size.
    wanted = DOTS_PER_INCH * (11 if columns >= 8 else 1.6 * columns)
    scale = max(1, round(wanted / (columns * (width + gap))))
    point = DOTS_PER_INCH / 72 / scale
    above = math.ceil((1.35 * lines + 0.8) * font_size * point)
    canvas, corners = mosaic(pixels, columns, above, gap)
    rows_high, columns_wide = canvas.shape[:2]
    made, (axes,) = figure(
        columns_wide * scale / DOTS_PER_INCH, rows_high * scale / DOTS_PER_INCH
    )
    made.set_layout_engine("none")
    axes.set_position((0.0, 0.0, 1.0, 1.0))
    axes.imshow(canvas, interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    for (x, y), title, colour in zip(corners, titles, colours, strict=True):
        axes.text(
            x + (width - 1) / 2,
            y - 0.5 - 0.3 * font_size * point,
            title,
            color=colour,
            fontsize=font_size,
            ha="center",
            va="bottom",
            linespacing=1.15,
        )
    return made


def draw_samples(tiles: Sequence[Tile]) -> Any:
    """Draw images of a data set, each with its class."""
    titles = [readable(tile.true, LONGEST_TITLE) for tile in tiles]
    return draw_grid(tiles, titles, [INK] * len(tiles))


def draw_predictions(tiles: Sequence[Tile]) -> Any:
    """Draw images with what was predicted; in red, with the true class below it."""
    titles = []
    for tile in tiles:
        title = readable(tile.guesses[0].name, LONGEST_TITLE)
        if not tile.guesses[0].right:
            title += f"\n({readable(tile.true, LONGEST_TITLE - 1)})"
        titles.append(title)
    colours = [RIGHT if tile.guesses[0].right else WRONG for tile in tiles]
    return draw_grid(tiles, titles, colours, lines=2 if WRONG in colours else 1)


def draw_mistakes(tiles: Sequence[Tile]) -> Any:
    """Draw mistakes in a larger size, with the probability that they were given."""
    titles = [
        f"{readable(tile.guesses[0].name, 17)} {tile.guesses[0].probability:.1%}\n"
        f"({readable(tile.true, 20)})"
        for tile in tiles
    ]
    colours = [WRONG] * len(tiles)
    return draw_grid(tiles, titles, colours, columns=5, lines=2, font_size=9)


def draw_top(tiles: Sequence[Tile]) -> Any:
    """Draw images, each with bars of its most probable classes, the true one green."""
    columns = min(2, len(tiles))
    rows = math.ceil(len(tiles) / columns)
    made, panels = figure(5.4 * columns, 2.0 * rows, rows, 2 * columns)
    for index, tile in enumerate(tiles):
        picture, bars = panels[2 * index : 2 * index + 2]
        picture.imshow(tile.pixels, interpolation="nearest")
        picture.set_axis_off()
        picture.set_title(f"true: {readable(tile.true)}", fontsize=9)
        _draw_bars(bars, tile)
    for axes in panels[2 * len(tiles) :]:
        axes.set_axis_off()
    return made


def _draw_bars(axes: Any, tile: Tile) -> None:
    places, guesses = range(len(tile.guesses)), tile.guesses
    colours = [
        RIGHT if guess.right else WRONG if place == 0 else FAINT
        for place, guess in enumerate(guesses)
    ]
    drawn = axes.barh(places, [guess.probability for guess in guesses], color=colours)
    shares = [f"{guess.probability:.1%}" for guess in guesses]
    axes.bar_label(drawn, shares, padding=3, fontsize=8)
    axes.set_yticks(places, [readable(guess.name, 20) for guess in guesses], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.25)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines[:].set_visible(False)
