from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from scratchnet import datasets
from scratchnet.datasets.places import is_here
from scratchnet.foundation.errors import PictureError
from scratchnet.runs.prepare import Picture, border, hints, prepare
from tests.runs.test_picture_file import chunk

GREY, COLOUR = (28, 28, 1), (32, 32, 3)


def scene(height: int, width: int) -> np.ndarray:
    """Return a smooth grey picture, unlike in every orientation."""
    rows, columns = np.mgrid[:height, :width]
    return (200 * rows / height + 50 * columns / width).astype(np.uint8)


@pytest.fixture
def saved(tmp_path):
    """A function that saves a picture and returns its path."""

    def save(pixels: np.ndarray | Image.Image, name: str = "a.png", **options) -> str:
        image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
        image.save(tmp_path / name, **options)
        return tmp_path / name

    return save


def test_a_picture_that_fits_comes_out_as_it_is(saved):
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (28, 28), dtype=np.uint8)
    found = prepare(saved(grey), GREY)
    assert found.steps == ()
    np.testing.assert_array_equal(found.pixels, grey[..., None])
    colour = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    found = prepare(saved(colour), COLOUR)
    assert found.steps == () and found.pixels.dtype == np.uint8
    np.testing.assert_array_equal(found.pixels, colour)


def test_colour_to_grey_is_the_eye_s_average(saved):
    colours = np.zeros((28, 28, 3), np.uint8)
    colours[:9, :, 0], colours[9:18, :, 1], colours[18:, :, 2] = 200, 200, 200
    found = prepare(saved(colours), GREY)
    assert found.steps == ("colour to grey (0.299 R + 0.587 G + 0.114 B)",)
    assert found.pixels[[0, 10, 20], 0, 0].tolist() == [60, 117, 23]


def test_grey_saved_as_colour_is_no_step(saved):
    grey = scene(28, 28)
    found = prepare(saved(np.stack([grey] * 3, axis=-1)), GREY)
    assert found.steps == ()
    np.testing.assert_array_equal(found.pixels[..., 0], grey)


def test_grey_to_three_channels(saved):
    grey = scene(32, 32)
    found = prepare(saved(grey), COLOUR)
    assert found.steps == ("grey repeated as red, green and blue",)
    np.testing.assert_array_equal(found.pixels, np.stack([grey] * 3, axis=-1))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_a_camera_s_orientation_is_undone(orientation, name, saved):
    upright = scene(28, 28)
    turned_back = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(np.ascontiguousarray(turned_back), name, exif=exif)
    found = prepare(path, GREY)
    difference = found.pixels[..., 0].astype(int) - upright
    assert abs(difference).max() <= (0 if name == "a.png" else 6)  # JPEG rounds
    expected = f"turned upright (EXIF orientation {orientation})"
    assert found.steps == ((expected,) if orientation > 1 else ())


def test_damaged_exif_is_passed_over(saved):
    path = saved(scene(28, 28), exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01")
    found = prepare(path, GREY)
    np.testing.assert_array_equal(found.pixels[..., 0], scene(28, 28))


def test_16_bits_of_grey(saved):
    wide = scene(28, 28).astype(np.uint16) * 257
    found = prepare(saved(wide), GREY)
    assert found.steps == ("16 bits per value to 8, by the upper half",)
    np.testing.assert_array_equal(found.pixels[..., 0], scene(28, 28))


def test_16_bits_of_colour(tmp_path):
    path = tmp_path / "wide.png"
    pixels = np.random.default_rng(0).integers(0, 65536, (32, 32, 3), dtype=np.uint16)
    path.write_bytes(png_of_16_bits(pixels))
    found = prepare(path, COLOUR)
    assert found.steps == ("16 bits per value to 8, by the upper half",)
    np.testing.assert_array_equal(found.pixels, pixels >> 8)


def png_of_16_bits(pixels: np.ndarray) -> bytes:
    """Return a file that Pillow can read and not write."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(name, data)
        for name, data in (
            (b"IHDR", header),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        )
    )


@pytest.mark.parametrize(("background", "expected"), [("white", 255), ("black", 0)])
def test_transparent_parts_are_put_on_a_background(background, expected, saved):
    grey = Image.fromarray(scene(28, 28))
    alpha = np.full((28, 28), 255, np.uint8)
    alpha[:14] = 0
    grey.putalpha(Image.fromarray(alpha))
    step = (f"transparent parts put on {background}",)
    for image in (grey, grey.convert("RGBA")):
        found = prepare(saved(image), GREY, background=background)
        assert found.steps == step
        assert (found.pixels[:14] == expected).all()
        np.testing.assert_array_equal(found.pixels[14:, :, 0], scene(28, 28)[14:])


def test_one_transparent_colour_and_opaque_alpha(saved):
    palette = Image.fromarray(scene(28, 28)).convert("P")
    found = prepare(saved(palette, transparency=palette.getpixel((0, 0))), GREY)
    assert found.steps == ("transparent parts put on white",)
    assert found.pixels[0, 0, 0] == 255
    wide = scene(28, 28).astype(np.uint16) * 257
    wide[0] = 77
    found = prepare(saved(wide, transparency=77), GREY)
    assert (found.pixels[0] == 255).all() and (found.pixels[1:] < 255).all()
    opaque = Image.fromarray(scene(28, 28)).convert("LA")
    assert prepare(saved(opaque), GREY).steps == ()


@pytest.mark.parametrize("mode", ["1", "P", "CMYK"])
def test_other_modes(mode, saved):
    image = Image.fromarray(scene(28, 28)).convert("RGB").convert(mode)
    path = saved(image, "a.jpg" if mode == "CMYK" else "a.png")
    found = prepare(path, GREY)
    expected = np.asarray(image.convert("L"))
    assert abs(found.pixels[..., 0].astype(int) - expected).max() < 9
    assert any("CMYK" in step for step in found.steps) == (mode == "CMYK")


def test_several_frames(saved):
    frames = [Image.fromarray(scene(28, 28)), Image.new("L", (28, 28))]
    path = saved(frames[0], save_all=True, append_images=frames[1:])
    found = prepare(path, GREY)
    assert found.steps == ("the first of 2 frames taken",)
    np.testing.assert_array_equal(found.pixels[..., 0], scene(28, 28))


def test_inverted(saved):
    found = prepare(saved(scene(28, 28)), GREY, invert=True)
    np.testing.assert_array_equal(found.pixels[..., 0], 255 - scene(28, 28))
    assert found.steps == ("light and dark swapped",)


def test_padded_with_the_colour_of_the_border(saved):
    tall = np.full((200, 100), 240, np.uint8)
    tall[40:160, 30:70] = 10
    found = prepare(saved(tall), GREY)
    assert found.steps == (
        "100x200 scaled to 14x28, and padded to 28x28 with the colour of its border",
    )
    assert (found.pixels[:, :7] == 240).all() and (found.pixels[:, 21:] == 240).all()
    assert found.pixels[14, 14, 0] == 10
    inverted = prepare(saved(tall), GREY, invert=True)
    assert (inverted.pixels[:, :7] == 15).all()


def test_cropped_to_the_middle(saved):
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 100:200] = 50, 100, 150
    found = prepare(saved(wide), COLOUR, "crop")
    assert found.steps == ("the middle of 300x100 cut out and scaled to 32x32",)
    assert (found.pixels[:, 2:-2] == (50, 100, 150)).all()


def test_stretched(saved):
    found = prepare(saved(scene(50, 300)), GREY, "stretch")
    assert found.steps == ("300x50 scaled to 28x28",)
    difference = found.pixels[..., 0].astype(int) - scene(28, 28)
    assert abs(difference).max() < 8


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (7, 5), (56, 56)])
@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_any_size_fits(size, fit, saved):
    pixels = np.full(size, 9, np.uint8)
    found = prepare(saved(pixels), GREY, fit)
    assert found.pixels.shape == (28, 28, 1) and (found.pixels == 9).all()
    assert len(found.steps) == 1


def test_the_copy_to_show_is_small_and_in_colour(saved):
    found = prepare(saved(scene(1000, 500)), GREY)
    assert found.shown.shape == (240, 120, 3)


def test_what_is_no_picture(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    with pytest.raises(PictureError, match=r"a\.png: expected a PNG"):
        prepare(tmp_path / "a.png", GREY)


def hints_of(pixels: np.ndarray, invert: bool = False, dark: bool = True):
    picture = Picture(None, pixels, pixels, ())
    return hints(picture, invert, "white", dark_background=dark)


def test_hints():
    dark = np.zeros((28, 28, 1), np.uint8)
    dark[9:19, 9:19] = 200
    assert hints_of(dark) == hints_of(255 - dark, dark=False) == []
    assert "; try --invert" in hints_of(255 - dark)[0]
    assert "; try without --invert" in hints_of(255 - dark, invert=True)[0]
    assert "nothing to see" in hints_of(dark * 0)[0]


def test_white_on_transparent_is_told_to_try_black(saved):
    white = Image.new("LA", (28, 28), (255, 0))
    white.paste((255, 255), (9, 9, 19, 19))
    found = prepare(saved(white), GREY)
    odd = hints(found, False, "white", dark_background=True)
    assert odd[0].endswith("--background black")
    found = prepare(saved(white), GREY, background="black")
    assert hints(found, False, "black", dark_background=True) == []


@pytest.mark.parametrize("name", ["digits", "fashion_mnist"])
def test_hardly_an_image_of_the_data_is_taken_for_an_inverted_one(name):
    dataset = datasets.get(name)
    if not is_here(dataset):
        pytest.skip(f"no {name} here; scratchnet datasets download {name}")
    _, (x, _) = dataset.load_data()
    edges = np.array([border(image)[:, 0] for image in x])
    assert np.mean(np.median(edges, axis=1) > 127) < 1e-3
    assert np.mean(np.median(255 - edges, axis=1) > 127) > 0.999
