"""Images on a page: the figures of `pictures` as tiles, with text that is text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from experiments.report.choices import Prediction
from experiments.report.look import readable
from experiments.report.pictures import as_pixels

LONGEST_NAME = 40
LARGEST_SIDE = 160

Kind = Literal["right", "wrong", "other"]


@dataclass(frozen=True)
class Tile:
    """An image with what stands beside it.

    Attributes:
        png: the image.
        alt: the same in words.
        text: its class, or what it was taken for.
        kind: whether that is right; None where nothing was predicted.
        true_class: of a wrong prediction.
        bars: the most probable classes: kind, percent and name.
    """

    png: bytes
    alt: str
    text: str
    kind: Kind | None = None
    true_class: str = ""
    bars: Sequence[tuple[Kind, float, str]] = ()


def samples(images: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> list[Tile]:
    """Return images of a data set, each with its class.

    Shapes:
        images: (N, H, W[, C]); labels: (N,).
    """
    shown = [readable(names[label], LONGEST_NAME) for label in labels]
    return [
        Tile(as_png(pixels), name, name)
        for pixels, name in zip(as_pixels(images), shown, strict=True)
    ]


def predictions(
    images: np.ndarray,
    found: Sequence[Prediction],
    names: Sequence[str],
    *,
    probable: bool = False,
) -> list[Tile]:
    """Return images with what was predicted; wrong ones with the true class, too.

    Args:
        images: (N, H, W[, C]), those of ``found``.
        found: one per image.
        names: of the classes.
        probable: whether to say how probable the prediction was.
    """
    tiles = []
    for pixels, one in zip(as_pixels(images), found, strict=True):
        predicted = readable(names[one.predicted], LONGEST_NAME)
        true = readable(names[one.label], LONGEST_NAME)
        tiles.append(
            Tile(
                as_png(pixels),
                f"test image {one.index}: {predicted}, true class {true}",
                f"{predicted} {one.probability:.1%}" if probable else predicted,
                "right" if one.right else "wrong",
                "" if one.right else true,
            )
        )
    return tiles


def top(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    names: Sequence[str],
    *,
    most: int = 5,
) -> list[Tile]:
    """Return images, each with bars of its most probable classes.

    Shapes:
        images: (N, H, W[, C]); labels: (N,); probabilities: (N, C).
    """
    tiles = []
    for pixels, label, row in zip(
        as_pixels(images), labels, probabilities, strict=True
    ):
        true = readable(names[label], LONGEST_NAME)
        bars: list[tuple[Kind, float, str]] = []
        for place, guess in enumerate(np.argsort(-row, kind="stable")[:most]):
            kind: Kind = "wrong" if place == 0 else "other"
            if guess == label:
                kind = "right"
            bars.append(
                (kind, 100 * float(row[guess]), readable(names[guess], LONGEST_NAME))
            )
        tiles.append(Tile(as_png(pixels), f"true class {true}", true, bars=bars))
    return tiles


def as_png(pixels: np.ndarray) -> bytes:
    """Return one image as a PNG file, not too large for a page.

    Shapes:
        pixels: (H, W, 3) uint8.
    """
    from PIL import Image

    made = Image.fromarray(np.ascontiguousarray(pixels))
    if max(made.size) > LARGEST_SIDE:
        made.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    if (pixels == pixels[..., :1]).all():
        made = made.convert("L")
    buffer = io.BytesIO()
    made.save(buffer, format="PNG")
    return buffer.getvalue()
