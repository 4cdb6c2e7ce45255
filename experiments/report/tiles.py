"""Images with what a report says of them, for its pages and its pictures alike."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

MOST_PROBABLE = 5
LARGEST_SIDE = 160


class Guess(NamedTuple):
    """One of the most probable classes: its name, and whether it is the true one."""

    name: str
    probability: float
    right: bool


@dataclass(frozen=True)
class Tile:
    """An image, its class and, if it was predicted, what a model says of it.

    Attributes:
        pixels: (H, W, 3) uint8.
        true: name of its class.
        index: in the test set.
        guesses: the most probable class first.
    """

    pixels: np.ndarray
    true: str
    index: int | None = None
    guesses: Sequence[Guess] = ()

    @property
    def png(self) -> bytes:
        """The image as a PNG file, not too large for a page."""
        from PIL import Image

        made = Image.fromarray(np.ascontiguousarray(self.pixels))
        if max(made.size) > LARGEST_SIDE:
            made.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        if (self.pixels == self.pixels[..., :1]).all():
            made = made.convert("L")
        buffer = io.BytesIO()
        made.save(buffer, format="PNG")
        return buffer.getvalue()


def samples(images: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> list[Tile]:
    """Return images of a data set with their classes.

    Shapes:
        images: (N, H, W[, C]); labels: (N,).
    """
    shown = zip(as_pixels(images), labels, strict=True)
    return [Tile(pixels, names[label]) for pixels, label in shown]


def predictions(
    images: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    names: Sequence[str],
    chosen: np.ndarray,
) -> list[Tile]:
    """Return some test images with their predictions.

    Shapes:
        images: (N, H, W[, C]); labels: (N,); probabilities: (N, C).
        chosen: (K,), indices of images.
    """
    tiles = []
    for pixels, index in zip(as_pixels(images[chosen]), chosen, strict=True):
        row, label = probabilities[index], labels[index]
        top = np.argsort(-row, kind="stable")[:MOST_PROBABLE]
        guesses = [Guess(names[k], float(row[k]), bool(k == label)) for k in top]
        tiles.append(Tile(pixels, names[label], int(index), guesses))
    return tiles


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
