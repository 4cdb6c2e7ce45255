"""Make of any picture what a model was trained on, and say what was done to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.foundation.errors import PictureError
from scratchnet.utils.picture_file import load

ORIENTATION = 0x0112  # the number of EXIF's entry
WIDEST_SHOWN = 240  # pixels of the copy that a figure shows


@dataclass(frozen=True)
class Picture:
    """A picture, ready for a model.

    Attributes:
        path: its file.
        pixels: (H, W, C) uint8, as the model takes it.
        shown: (h, w, 3) uint8, a small copy of the picture as people see it.
        steps: what was done to it, in words.
    """

    path: Path
    pixels: np.ndarray
    shown: np.ndarray
    steps: tuple[str, ...]


def prepare(
    path: Path,
    shape: tuple[int, int, int],
    fit: str = "pad",
    invert: bool = False,
    background: str = "white",
) -> Picture:
    """Read a picture and make it fit.

    In this order: turned upright, 8 bits, transparency, shown, channels, inverted,
    size. A picture that fits already comes out as it is, to the bit.

    Args:
        path: a PNG or JPEG file.
        shape: (H, W, C) of the model's input.
        fit: what to do with a picture of another shape: ``"pad"`` its shorter side with
            the colour of its border, ``"crop"`` the longer one, or ``"stretch"`` it.
        invert: whether to swap light and dark.
        background: what transparent parts are put on, ``"white"`` or ``"black"``.

    Raises:
        PictureError: the file can't be read as a picture.
    """
    image = load(path)
    steps: list[str] = []
    if getattr(image, "n_frames", 1) > 1:
        steps.append(f"the first of {image.n_frames} frames taken")
    try:
        image = _upright(image, steps)
        image = _opaque(_eight_bits(image, steps), background, steps)
    except (MemoryError, ValueError, OSError) as error:
        raise PictureError(f"{path}: can't be converted: {error}") from error
    shown = image.convert("RGB")
    shown.thumbnail((WIDEST_SHOWN, WIDEST_SHOWN))
    height, width, channels = shape
    image = _with_channels(image, channels, steps)
    if invert:
        image = image.point(lambda value: 255 - value)
        steps.append("light and dark swapped")
    image = _fitted(image, (width, height), fit, steps)
    pixels = np.asarray(image).reshape(shape)
    return Picture(path, pixels, np.asarray(shown), tuple(steps))


def _upright(image: Any, steps: list[str]) -> Any:
    """Turn the picture as the camera was held."""
    from PIL import ImageOps

    try:
        orientation = image.getexif().get(ORIENTATION, 1)
        turned = ImageOps.exif_transpose(image)
    except Exception:  # EXIF of any sort: viewers show such a picture, too
        steps.append("damaged EXIF data passed over")
        return image
    if orientation in range(2, 9):
        steps.append(f"turned upright (EXIF orientation {orientation})")
    return turned


def _eight_bits(image: Any, steps: list[str]) -> Any:
    """Return the picture in mode L, LA, RGB or RGBA."""
    from PIL import Image

    transparent = image.info.get("transparency")
    if image.info.get("bit_depth") == 16:
        steps.append("16 bits per value to 8, by the upper half")
    if image.mode.startswith("I"):  # grey; Pillow has halved the bits of colours
        values = np.asarray(image).astype(np.int64)
        grey = Image.fromarray((values >> 8).astype(np.uint8))
        if transparent is not None:
            opaque = np.where(values == transparent, 0, 255).astype(np.uint8)
            grey.putalpha(Image.fromarray(opaque))
        return grey
    if image.mode == "CMYK":
        steps.append("printer's colours (CMYK) to red, green and blue")
    if transparent is not None:
        return image.convert("RGBA")
    if image.mode in ("1", "L", "LA", "RGB", "RGBA"):
        return image.convert("L") if image.mode == "1" else image
    return image.convert("RGBA" if image.mode in ("PA", "La", "RGBa") else "RGB")


def _opaque(image: Any, background: str, steps: list[str]) -> Any:
    """Put transparent parts on a background."""
    from PIL import Image

    if image.mode not in ("LA", "RGBA"):
        return image
    mode = image.mode.removesuffix("A")
    if image.getchannel("A").getextrema() == (255, 255):
        return image.convert(mode)
    steps.append(f"transparent parts put on {background}")
    rgba = image.convert("RGBA")
    ground = Image.new("RGBA", rgba.size, background)
    return Image.alpha_composite(ground, rgba).convert(mode)


def _with_channels(image: Any, channels: int, steps: list[str]) -> Any:
    """Return the picture in grey (1 channel) or colour (3)."""
    if channels == 1 and image.mode == "RGB":
        red, green, blue = (image.getchannel(name).tobytes() for name in "RGB")
        if not red == green == blue:
            steps.append("colour to grey (0.299 R + 0.587 G + 0.114 B)")
        return image.convert("L")
    if channels == 3 and image.mode == "L":
        steps.append("grey repeated as red, green and blue")
        return image.convert("RGB")
    return image


def _fitted(image: Any, size: tuple[int, int], fit: str, steps: list[str]) -> Any:
    """Scale the picture to (width, height)."""
    from PIL import Image, ImageOps

    if image.size == size:
        return image
    width, height = image.size
    before, after = f"{width}x{height}", f"{size[0]}x{size[1]}"
    if fit == "stretch" or width * size[1] == height * size[0]:
        steps.append(f"{before} scaled to {after}")
        return image.resize(size, Image.Resampling.BICUBIC)
    if fit == "crop":
        steps.append(f"the middle of {before} cut out and scaled to {after}")
        return ImageOps.fit(image, size, Image.Resampling.BICUBIC)
    scale = min(size[0] / width, size[1] / height)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    steps.append(
        f"{before} scaled to {inner[0]}x{inner[1]}, and padded to {after} with the "
        "colour of its border"
    )
    scaled = image.resize(inner, Image.Resampling.BICUBIC)
    colour = np.median(border(np.asarray(scaled)), axis=0).astype(np.uint8)
    canvas = Image.new(image.mode, size, tuple(int(value) for value in colour))
    canvas.paste(scaled, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return canvas


def border(pixels: np.ndarray) -> np.ndarray:
    """Return the outermost pixels, corners twice.

    Shapes:
        pixels: (H, W) or (H, W, C); returns: (2 H + 2 W, C).
    """
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    edges = pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]
    return np.concatenate([edge.reshape(-1, channels) for edge in edges])


def hints(
    picture: Picture, invert: bool, background: str, *, dark_background: bool
) -> list[str]:
    """Say what is odd about a picture, and what to try.

    A border that is light on the whole tells an inverted picture: of Fashion-MNIST's
    60,000 training images two have one.

    Args:
        picture: what `prepare` returned.
        invert: as it was given to `prepare`.
        background: likewise.
        dark_background: whether the model learnt from light things on dark ground.
    """
    found = []
    if picture.pixels.min() == picture.pixels.max():
        found.append("all pixels are the same: there is nothing to see in it")
        if any(step.startswith("transparent") for step in picture.steps):
            other = "white" if background == "black" else "black"
            found[0] += f"; try --background {other}"
    elif dark_background and np.median(border(picture.pixels)) > 127:
        found.append(
            "its border is light, but the model learnt from light things on a dark "
            f"ground; try {'without ' if invert else ''}--invert"
        )
    return found
