from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from scratchnet.foundation.errors import PictureError
from scratchnet.utils.picture_file import load


def encoded(kind: str, mode: str = "RGB", **options: object) -> bytes:
    """Return a small picture as a file's bytes."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, kind, exif=exif, **options)
    return file.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + check


def huge_png(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that says it has many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (
        chunk(b"IHDR", header),
        chunk(b"IDAT", zlib.compress(b"")),
        chunk(b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_is_decoded_whatever_its_name(kind, tmp_path):
    (tmp_path / "picture.dat").write_bytes(encoded(kind))
    image = load(tmp_path / "picture.dat")
    assert (image.size, image.mode, image.format) == ((24, 20), "RGB", kind)


def test_a_telephone_s_jpeg_with_a_second_picture_in_it(tmp_path):
    other = Image.new("RGB", (9, 9))
    data = encoded("MPO", save_all=True, append_images=[other])
    (tmp_path / "a.jpg").write_bytes(data)
    assert load(tmp_path / "a.jpg").size == (24, 20)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "received an empty file"),
        (b"label,pixel1\n1,2\n", "received something else"),
        (b"GIF89a", "a GIF file; convert it to PNG"),
        (b"\0\0\0\x18ftypheic", "a HEIC, as telephones write them, file; convert"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP file; convert"),
    ],
)
def test_what_is_no_picture_is_named(content, expected, tmp_path):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(PictureError, match=rf"a\.png: expected a PNG.*{expected}"):
        load(tmp_path / "a.png")


def test_no_file_a_folder_and_a_pipe(tmp_path):
    with pytest.raises(PictureError, match="there is no such file"):
        load(tmp_path / "none.png")
    with pytest.raises(PictureError, match="received a folder"):
        load(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")  # to open it would wait for ever
        with pytest.raises(PictureError, match="no regular file"):
            load(tmp_path / "pipe")


@pytest.mark.parametrize("size", [(10_000, 10_000), (100_000, 100_000)])
def test_a_bomb_is_refused_before_it_is_unpacked(size, tmp_path):
    (tmp_path / "bomb.png").write_bytes(huge_png(*size))
    with pytest.raises(PictureError, match=r"bomb\.png: has too many pixels"):
        load(tmp_path / "bomb.png")


def test_a_bomb_in_the_text_of_a_png_is_refused(tmp_path):
    text = b"note\0\0" + zlib.compress(bytes(100_000_000))
    data = encoded("PNG")
    (tmp_path / "a.png").write_bytes(data[:33] + chunk(b"zTXt", text) + data[33:])
    with pytest.raises(PictureError, match="damaged or cut short"):
        load(tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_cut_short_anywhere_before_the_pixels_end(kind, mode, tmp_path):
    data = encoded(kind, mode)
    for length in range(8, len(data) - 50, 23):
        (tmp_path / "cut").write_bytes(data[:length])
        with pytest.raises(PictureError, match="cut: is damaged"):
            load(tmp_path / "cut")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_damage_never_ends_in_another_error(kind, tmp_path):
    rng, data, refused = np.random.default_rng(1), encoded(kind), 0
    for _ in range(100):
        damaged = bytearray(data)
        for place in rng.integers(8, 120, 3):
            damaged[place] = rng.integers(256)
        (tmp_path / "damaged").write_bytes(damaged)
        try:
            load(tmp_path / "damaged")
        except PictureError:
            refused += 1
    assert refused > 20
