"""Pictures from files and arrays, and back, with Keras's functions."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.errors import MissingPictureError, PictureError
from scratchnet.foundation.image_moves import (
    Transform,
    check_interpolation,
    cropped_and_resized,
    resize,
    resized_and_padded,
)
from scratchnet.foundation.outside import keras_signature, refuse
from scratchnet.foundation.warn import warn
from scratchnet.utils.picture_file import decode

# Keras's colour mode → Pillow's modes that count as it; others are converted to the
# first.
MODES = {"rgb": ("RGB",), "rgba": ("RGBA",), "grayscale": ("L", "I;16", "I")}

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Read a picture from a file, as a `PIL.Image.Image`.

    Args:
        path: the file's name, or an `io.BytesIO` with its content.
        color_mode: ``"rgb"``, ``"rgba"`` or ``"grayscale"``.
        target_size: (height, width) to resize it to; None leaves it.
        interpolation: ``"nearest"``, ``"bilinear"``, ``"bicubic"``, ``"hamming"``,
            ``"box"`` or ``"lanczos"``: Pillow's, which take the mean of all pixels
            that become one, unlike those of `layers.Resizing`.
        keep_aspect_ratio: whether to cut off what is too long before resizing.

    Raises:
        TypeError: path is something else.
        ValueError: color_mode or interpolation is another word.
        PictureError: the file is no picture; a `FileNotFoundError`, too, if there is
            none.

    Reference: `keras/src/utils/image_utils.py`.
    """
    arguments.choice("load_img", "color_mode", color_mode, tuple(MODES))
    image = _open(path)
    if image.mode not in MODES[color_mode]:
        image = image.convert(MODES[color_mode][0])
    if target_size is None or image.size == (target_size[1], target_size[0]):
        return image
    return _resized(image, target_size, interpolation, keep_aspect_ratio)


def _open(path: Any) -> Any:
    if isinstance(path, io.BytesIO):
        return decode("load_img", path, None)
    if not isinstance(path, str | bytes | os.PathLike):
        raise TypeError(
            f"load_img: expected a path or an io.BytesIO, received {path!r:.80}"
        )
    name = os.fsdecode(path)
    try:
        with open(name, "rb") as file:
            return decode(name, file, None)
    except FileNotFoundError as error:
        raise MissingPictureError(f"{name}: there is no such file") from error
    except OSError as error:
        raise PictureError(f"{name}: can't be read: {error.strerror}") from error


def smart_resize(
    x: Any,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
) -> np.ndarray:
    """Resize images without changing the shape of things: the rest is cut off.

    Args:
        x: an image (H, W, C), or images (N, H, W, C).
        size: (height, width) of the result.
        interpolation: ``"bilinear"`` or ``"nearest"``.
        data_format: ``"channels_last"``.

    Raises:
        ValueError: x is no image, or size no pair.

    Reference: `keras/src/utils/image_utils.py`.
    """
    refuse("smart_resize", "data_format", data_format, "channels_last")
    x = np.asarray(x)
    if x.ndim not in (3, 4):
        raise ValueError(
            "smart_resize: expected an image (H, W, C) or several, (N, H, W, C), "
            f"received shape {x.shape}"
        )
    to = arguments.pair("smart_resize", "size", size)
    check_interpolation("smart_resize", interpolation)
    images = x if x.ndim == 4 else x[np.newaxis]
    y = moved(images, cropped_and_resized(images.shape[1:3], to, interpolation))
    return y if x.ndim == 4 else y[0]


def moved(images: np.ndarray, moves: list[Transform]) -> np.ndarray:
    """Return images, (N, H, W, C), after affine transforms, all alike."""
    dtype = np.float64 if images.dtype == np.float64 else np.float32
    x = np.require(images, dtype, ("C", "W", "A"))
    for move in moves:
        y = np.empty((len(x), *move.size, x.shape[-1]), dtype)
        kernels.affine_transform_forward(
            x,
            np.tile(move.matrices, (len(x), 1)),
            move.interpolation,
            move.fill_mode,
            move.fill_value,
            y,
        )
        x = y
    return x


def _resized(
    image: Any, target_size: Any, interpolation: str, keep_aspect_ratio: bool
) -> Any:
    from PIL import Image

    arguments.choice("load_img", "interpolation", interpolation, INTERPOLATIONS)
    method = Image.Resampling[interpolation.upper()]
    height, width = arguments.pair("load_img", "target_size", target_size)
    box = None
    if keep_aspect_ratio:
        columns, rows = image.size
        kept = (
            min(columns, rows * width // height),
            min(rows, columns * height // width),
        )
        left, top = (columns - kept[0]) // 2, (rows - kept[1]) // 2
        box = (left, top, left + kept[0], top + kept[1])
    return image.resize((width, height), method, box=box)


@keras_signature
def img_to_array(img: Any, dtype: Any = None) -> np.ndarray:
    """Return a picture as an array, (H, W, C); a grey one has one channel.

    Args:
        img: a `PIL.Image.Image`, or what NumPy makes an array of.
        dtype: of the array; None is float32.

    Raises:
        ValueError: it has neither two nor three dimensions.

    Reference: `keras/src/utils/image_utils.py`.

    >>> img_to_array([[0, 255]]).shape
    (1, 2, 1)
    """
    x = np.array(img, dtype or np.float32)
    if x.ndim not in (2, 3):
        raise ValueError(
            f"img_to_array: expected an image (H, W) or (H, W, C), received {x.shape}"
        )
    return x if x.ndim == 3 else x[..., np.newaxis]


@keras_signature
def array_to_img(x: Any, scale: bool = True, dtype: Any = None) -> Any:
    """Return an array as a picture, a `PIL.Image.Image`.

    Args:
        x: (H, W, C) with 1, 3 or 4 channels.
        scale: whether to spread the values over 0 to 255, the least becoming 0;
            without it, they are cut to whole numbers as they are.
        dtype: in which that is computed; None is float32.

    Raises:
        ValueError: it has another shape.

    Reference: `keras/src/utils/image_utils.py`.
    """
    from PIL import Image

    x = np.asarray(x, dtype or np.float32)
    if x.ndim != 3 or x.shape[2] not in (1, 3, 4):
        raise ValueError(
            "array_to_img: expected an image (H, W, C) with 1, 3 or 4 channels, "
            f"received {x.shape}"
        )
    if scale:
        x = x - x.min()
        x = x / (x.max() or 1) * 255
    if x.shape[2] > 1:
        return Image.fromarray(_whole(x, np.uint8))
    kind = np.int32 if x.max() > 255 else np.uint8
    return Image.fromarray(_whole(x[..., 0], kind))


def _whole(x: np.ndarray, kind: Any) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # what does not fit wraps, as in Keras
        return x.astype(kind)


@keras_signature
def save_img(
    path: Any, x: Any, file_format: str | None = None, scale: bool = True, **kwargs: Any
) -> None:
    """Write an array to a picture's file.

    Args:
        path: the file's name, or an open file.
        x: (H, W, C), as `array_to_img` takes it.
        file_format: Pillow's name of it; None goes by the name's ending.
        scale: whether to spread the values over 0 to 255.
        **kwargs: for Pillow's `Image.save`, such as ``quality``.

    Raises:
        ValueError: the array is no image, or the format is unknown.

    Reference: `keras/src/utils/image_utils.py`.
    """
    if file_format is None and isinstance(path, str | Path):
        file_format = Path(path).suffix[1:].lower()
    if (file_format or "").lower() == "jpg":
        file_format = "jpeg"
    image = array_to_img(x, scale=scale)
    if image.mode == "RGBA" and file_format == "jpeg":
        warn("save_img: JPEG has no transparency; the fourth channel is left out")
        image = image.convert("RGB")
    image.save(path, format=file_format or None, **kwargs)


def read_image(
    path: str | Path,
    color_mode: str,
    size: tuple[int, int],
    interpolation: str,
    crop: bool = False,
    pad: bool = False,
) -> np.ndarray:
    """Read a picture and resize it, as `layers.Resizing` does."""
    image = load_img(path, "rgba" if color_mode == "rgba" else "rgb")
    if color_mode == "grayscale":
        image = load_img(path, "grayscale")
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8:  # 16 bits, of which the upper half counts
        pixels = (pixels.astype(np.int64) >> 8).astype(np.uint8)
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    moves = _moves(pixels.shape[:2], size, interpolation, crop, pad)
    y = moved(pixels[np.newaxis], moves)[0]
    return y.astype(np.uint8) if interpolation == "nearest" else y


def _moves(
    before: Any, size: tuple[int, int], interpolation: str, crop: bool, pad: bool
) -> list[Transform]:
    if crop:
        return cropped_and_resized(before, size, interpolation)
    if pad:
        return resized_and_padded(before, size, interpolation)
    return [resize(before, size, interpolation)] if before != size else []
