"""Figures: images of a data set, with what they are and what they were taken for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.report.choices import Prediction
from experiments.report.look import (
    DOTS_PER_INCH,
    FAINT,
    INK,
    RIGHT,
    WRONG,
    figure,
    readable,
)

# Of these letters, ten titles stand side by side.
LONGEST_TITLE = 14


def as_pixels(images: np.ndarray) -> np.ndarray:
    """Return images as red, green and blue values that can be shown.

    Values other than uint8 are stretched from the lowest to the highest. One channel
    is grey, three are colours; of any other number the mean is shown.

    Shapes:
        images: (N, H, W) or (N, H, W, C); returns: (N, H, W, 3) uint8.
    """
    if images.ndim == 3:
        images = images[..., None]
    if images.shape[-1] not in (1, 3):
        images = images.mean(-1, keepdims=True)
    if images.dtype != np.uint8:
        finite = np.nan_to_num(images.astype(np.float64), posinf=0, neginf=0)
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
        images = ((finite - low) * (255 / ((high - low) or 1))).round().astype(np.uint8)
    return np.broadcast_to(images, (*images.shape[:3], 3))


def mosaic(
    images: np.ndarray, columns: int, above: int, gap: int
) -> tuple[np.ndarray, np.ndarray]:
    """Put images side by side into one, on nothing: drawing one is much faster.

    Args:
        images: (N, H, W[, C]).
        columns: images in a row.
        above: transparent pixels above each image.
        gap: transparent pixels beside each image, half of them on either side.

    Shapes:
        returns: the mosaic, (rows·(H + above), columns·(W + gap), 4) uint8, and the
        upper left corner of each image in it, (N, 2), as (x, y).
    """
    pixels = as_pixels(images)
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
    images: np.ndarray,
    titles: Sequence[str],
    colours: Sequence[str],
    *,
    columns: int = 10,
    lines: int = 1,
    font_size: float = 8,
) -> Any:
    """Draw images in rows, each with a title of some lines above it.

    Args:
        images: (N, H, W[, C]), at least one.
        titles: one per image.
        colours: of the titles.
        columns: images in a row, at most.
        lines: of text in a title.
        font_size: of the titles, in points.
    """
    columns = min(columns, len(images))
    width = images.shape[2]
    gap = max(2, round(0.35 * width))
    # A pixel of the images becomes a whole number of the figure's, so that all of
    # them have the same size.
    wanted = DOTS_PER_INCH * (11 if columns >= 8 else 1.6 * columns)
    scale = max(1, round(wanted / (columns * (width + gap))))
    point = DOTS_PER_INCH / 72 / scale
    above = math.ceil((1.35 * lines + 0.8) * font_size * point)
    canvas, corners = mosaic(images, columns, above, gap)
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


def draw_samples(
    images: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
) -> Any:
    """Draw images of a data set, each with its class.

    Args:
        images: (N, H, W[, C]).
        labels: (N,).
        names: of the classes.
    """
    titles = [readable(names[label], LONGEST_TITLE) for label in labels]
    return draw_grid(images, titles, [INK] * len(titles))


def draw_predictions(
    images: np.ndarray,
    predictions: Sequence[Prediction],
    names: Sequence[str],
) -> Any:
    """Draw images with what was predicted; in red, with the true class below it.

    Args:
        images: (N, H, W[, C]), those of ``predictions``.
        predictions: one per image.
        names: of the classes.
    """
    titles = [title(prediction, names) for prediction in predictions]
    colours = [RIGHT if p.right else WRONG for p in predictions]
    lines = 1 if all(p.right for p in predictions) else 2
    return draw_grid(images, titles, colours, lines=lines)


def draw_mistakes(
    images: np.ndarray,
    predictions: Sequence[Prediction],
    names: Sequence[str],
) -> Any:
    """Draw mistakes in a larger size, with the probability that they were given."""
    titles = [
        f"{readable(names[p.predicted], 17)} {p.probability:.1%}\n"
        f"({readable(names[p.label], 20)})"
        for p in predictions
    ]
    colours = [WRONG] * len(titles)
    return draw_grid(images, titles, colours, columns=5, lines=2, font_size=9)


def title(prediction: Prediction, names: Sequence[str]) -> str:
    """Return what stands above an image: the class, or predicted and (true)."""
    predicted = readable(names[prediction.predicted], LONGEST_TITLE)
    if prediction.right:
        return predicted
    return f"{predicted}\n({readable(names[prediction.label], LONGEST_TITLE - 1)})"


def draw_top(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    names: Sequence[str],
    *,
    most: int = 5,
) -> Any:
    """Draw images, each with bars of its most probable classes, the true one green.

    Args:
        images: (N, H, W[, C]), at least one.
        labels: (N,), their classes.
        probabilities: (N, C), what the model says.
        names: of the classes.
        most: bars for each image.
    """
    columns = min(2, len(images))
    rows = math.ceil(len(images) / columns)
    made, panels = figure(5.4 * columns, 2.0 * rows, rows, 2 * columns)
    pixels = as_pixels(images)
    for index, (label, row) in enumerate(zip(labels, probabilities, strict=True)):
        _draw_image_and_bars(
            panels[2 * index : 2 * index + 2],
            pixels[index],
            label,
            row,
            names,
            most,
        )
    for axes in panels[2 * len(images) :]:
        axes.set_axis_off()
    return made


def _draw_image_and_bars(
    panels: Sequence[Any],
    pixels: np.ndarray,
    label: int,
    row: np.ndarray,
    names: Sequence[str],
    most: int,
) -> None:
    picture, bars = panels
    picture.imshow(pixels, interpolation="nearest")
    picture.set_axis_off()
    picture.set_title(f"true: {readable(names[label])}", fontsize=9)
    top = np.argsort(-row, kind="stable")[:most]
    colours = [
        RIGHT if guess == label else WRONG if place == 0 else FAINT
        for place, guess in enumerate(top)
    ]
    drawn = bars.barh(range(len(top)), row[top], color=colours)
    bars.bar_label(drawn, [f"{row[i]:.1%}" for i in top], padding=3, fontsize=8)
    bars.set_yticks(range(len(top)), [readable(names[i], 20) for i in top], fontsize=8)
    bars.invert_yaxis()
    bars.set_xlim(0, 1.25)
    bars.set_xticks([])
    bars.tick_params(axis="y", length=0)
    bars.spines[:].set_visible(False)
