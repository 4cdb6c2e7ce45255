"""Open a picture's file: PNG or JPEG, whole, and of a size that fits into memory."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import IO, Any

from scratchnet.foundation.errors import MissingPictureError, PictureError

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"

# How other files begin that people take for pictures: where, what, and its name.
OTHERS = (
    (0, b"GIF8", "a GIF"),
    (0, b"BM", "a BMP"),
    (8, b"WEBP", "a WebP"),
    (4, b"ftypheic", "a HEIC, as telephones write them,"),
    (4, b"ftypavif", "an AVIF"),
    (0, b"II*\x00", "a TIFF"),
    (0, b"MM\x00*", "a TIFF"),
    (0, b"%PDF", "a PDF"),
    (0, b"PK\x03\x04", "a zip archive"),
)


def load(path: Path) -> Any:
    """Return the decoded picture, a `PIL.Image.Image`.

    Of a PNG, ``info["bit_depth"]`` is the file's number of bits per value. Only
    Pillow's readers of PNG and JPEG ever see the file, and Pillow's limit holds: more
    than 89 million pixels are not unpacked.

    Raises:
        PictureError: there is no such file, it is no PNG or JPEG, it is damaged or cut
            short, or it has too many pixels.
    """
    try:
        if path.is_dir():
            raise PictureError(
                f"{path}: expected a picture, received a folder; name the pictures in "
                "it one by one"
            )
        if path.exists() and not path.is_file():
            raise PictureError(f"{path}: expected a picture, received no regular file")
        with open(path, "rb") as file:
            beginning = file.read(32)
            _check_beginning(path, beginning)
            file.seek(0)
            image = decode(path, file, ("PNG", "JPEG"))
        if beginning.startswith(PNG):  # Pillow does not tell
            image.info["bit_depth"] = beginning[24]
        return image
    except PictureError:
        raise
    except FileNotFoundError as error:
        raise MissingPictureError(f"{path}: there is no such file") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{path}: can't be read: {reason}") from error


def _check_beginning(path: Path, beginning: bytes) -> None:
    if beginning.startswith((PNG, JPEG)):
        return
    received = "an empty file" if not beginning else "something else"
    for start, signature, name in OTHERS:
        if beginning[start:].startswith(signature):
            received = f"{name} file; convert it to PNG first"
    raise PictureError(f"{path}: expected a PNG or JPEG file, received {received}")


def decode(path: Any, file: IO[bytes], formats: tuple[str, ...] | None) -> Any:
    """Return the picture in an open file, a `PIL.Image.Image`, whole.

    Args:
        path: what to call it in messages.
        file: open for reading.
        formats: Pillow's names of those that it may be in; None allows all.

    Raises:
        PictureError: it is in none of them, damaged, or has too many pixels.
    """
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata: not worth a word
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(file, formats=formats)
            image.load()
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise PictureError(
                f"{path}: has too many pixels to be opened safely; make it smaller "
                f"with a picture editor first ({error})"
            ) from error
        except MemoryError as error:
            raise PictureError(
                f"{path}: does not fit into memory; make it smaller with a picture "
                "editor first"
            ) from error
        except UnidentifiedImageError as error:
            what = "is damaged near its beginning" if formats else "is no picture"
            raise PictureError(f"{path}: {what}") from error
        except Exception as error:  # damage makes Pillow's readers raise all sorts
            raise PictureError(
                f"{path}: is damaged or cut short: {error or type(error).__name__}"
            ) from error
    return image
