"""Pictures, what the network saw of them, and what it made of that."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scratchnet.foundation.files import atomic_write
from scratchnet.runs.classifier import Guess
from scratchnet.runs.prepare import Picture

ENDINGS = (".png", ".svg", ".pdf")
MOST_PICTURES = 20
FIRST, OTHERS = "#1f77b4", "#b0c4d8"


def draw(
    path: Path, pictures: Sequence[Picture], guesses: Sequence[Sequence[Guess]]
) -> None:
    """Write a figure with a row for every picture: its file, pixels and guesses.

    Args:
        path: a name that ends in one of `ENDINGS`.
        pictures: at most `MOST_PICTURES`.
        guesses: those of each picture, likeliest first.

    Raises:
        CheckpointError: the file can't be written.
    """
    from matplotlib.figure import Figure

    rows = len(pictures)
    figure = Figure(figsize=(9, 0.4 + 2.1 * rows), layout="constrained")
    axes = figure.subplots(rows, 3, squeeze=False, width_ratios=[2, 2, 4])
    for (left, middle, right), picture, found in zip(
        axes, pictures, guesses, strict=True
    ):
        _show(left, picture.shown, picture.path.name)
        height, width, channels = picture.pixels.shape
        pixels = picture.pixels[..., 0] if channels == 1 else picture.pixels
        _show(middle, pixels, f"as the network sees it, {width}x{height}")
        _bars(right, found)
    with warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph")
        with atomic_write(path) as file:
            figure.savefig(file, format=path.suffix[1:].lower(), dpi=100)


def _show(axes: Any, pixels: Any, title: str) -> None:
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255)
    axes.set_title(_short(title), fontsize=9, parse_math=False)
    axes.set_xticks([])
    axes.set_yticks([])


def _bars(axes: Any, guesses: Sequence[Guess]) -> None:
    names = [_short(guess.name) for guess in guesses]
    shares = [guess.probability for guess in guesses]
    places = range(len(guesses))
    axes.barh(places, shares, color=[FIRST] + [OTHERS] * (len(guesses) - 1))
    axes.set_yticks(places, names, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.18)
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    for place, share in zip(places, shares, strict=True):
        axes.text(share + 0.02, place, f"{share:.1%}", va="center", fontsize=9)


def _short(text: str) -> str:
    """Return a text that fits above a picture, on one line."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= 32 else f"{text[:20]}...{text[-9:]}"
