from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from scratchnet.preprocessing.image import smart_resize
from scratchnet.utils import array_to_img, img_to_array, load_img, save_img

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)


def test_a_picture_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "one.png"
    save_img(path, PIXELS, scale=False)
    for source in (path, str(path), io.BytesIO(path.read_bytes())):
        image = load_img(source)
        assert isinstance(image, Image.Image) and image.size == (8, 6)
        array = img_to_array(image)
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, PIXELS)
    grey = img_to_array(load_img(path, color_mode="grayscale"))
    assert grey.shape == (6, 8, 1)
    np.testing.assert_allclose(grey[..., 0], PIXELS @ [0.299, 0.587, 0.114], atol=1)


def test_the_shape_of_things_is_kept_on_request(tmp_path):
    path = tmp_path / "one.png"
    save_img(path, PIXELS, scale=False)
    assert load_img(path, target_size=(3, 5)).size == (5, 3)
    kept = img_to_array(load_img(path, target_size=(6, 6), keep_aspect_ratio=True))
    np.testing.assert_array_equal(kept, PIXELS[:, 1:7])


def test_values_are_spread_unless_asked_otherwise():
    x = np.array([[[1.0], [2.0]], [[3.0], [5.0]]])
    np.testing.assert_array_equal(np.asarray(array_to_img(x)), [[0, 63], [127, 255]])
    np.testing.assert_array_equal(np.asarray(array_to_img(x, scale=False)), x[..., 0])
    assert np.all(np.asarray(array_to_img(0 * x + 7)) == 0)
    assert array_to_img(x * 300, scale=False).mode == "I"


def test_transparency_is_left_out_of_jpeg_with_a_word(tmp_path):
    with pytest.warns(UserWarning, match="JPEG has no transparency"):
        save_img(tmp_path / "one.jpg", np.ones((4, 4, 4)), scale=False)
    assert load_img(tmp_path / "one.jpg").mode == "RGB"


def test_smart_resize_cuts_off_what_is_too_long():
    y = smart_resize(np.tile(PIXELS, (2, 1, 1, 1)), (6, 6), "nearest")
    np.testing.assert_array_equal(y, np.stack([PIXELS[:, 1:7]] * 2))
    assert smart_resize(PIXELS, (3, 4)).shape == (3, 4, 3)


@pytest.mark.parametrize(
    ("call", "error", "rule"),
    [
        (lambda: load_img(3), TypeError, "expected a path or an io.BytesIO"),
        (lambda: load_img("nowhere.png"), FileNotFoundError, "there is no such file"),
        (lambda: load_img(io.BytesIO(b"text")), ValueError, "is no picture"),
        (lambda: load_img("x", color_mode="hsv"), ValueError, "one of rgb, rgba"),
        (lambda: img_to_array(np.ones(3)), ValueError, r"expected an image \(H, W\)"),
        (lambda: array_to_img(np.ones((2, 2))), ValueError, "1, 3 or 4 channels"),
        (lambda: array_to_img(np.ones((2, 2, 2))), ValueError, "1, 3 or 4 channels"),
        (
            lambda: img_to_array(PIXELS, "channels_first"),
            NotImplementedError,
            "data_format='channels_first' is outside",
        ),
        (lambda: smart_resize(np.ones(3), (2, 2)), ValueError, "expected an image"),
    ],
)
def test_what_is_no_picture_is_said(call, error, rule):
    with pytest.raises(error, match=rule):
        call()
