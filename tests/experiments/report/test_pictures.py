from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from experiments.report import galleries, pictures
from experiments.report.choices import Prediction
from experiments.report.look import FAINT, INK, RIGHT, WRONG
from scratchnet.datasets import cifar100
from tests.experiments.report import made_runs
from tests.experiments.report.laid_out import laid_out

NAMES = ("T-shirt/top", "lawn_mower", "<b>")
FOUND = [Prediction(4, 0, 0, 0.9), Prediction(7, 1, 2, 0.75)]
TWO = made_runs.images(2)
PROBABILITIES = np.array([[0.7, 0.1, 0.2], [0.3, 0.25, 0.45]])


def shown(axes, index: int, count: int, side: int) -> np.ndarray:
    """Return an image of a grid, found by its title's place."""
    canvas = np.asarray(axes.images[0].get_array())
    text = axes.texts[index]
    x, y = text.get_position()
    left, top = round(x - (side - 1) / 2), int(np.ceil(y))
    opaque = np.flatnonzero(canvas[top:, left, 3])[0]
    return canvas[top + opaque : top + opaque + side, left : left + side]


def texts(axes) -> list[tuple[str, str]]:
    return [(text.get_text(), text.get_color()) for text in axes.texts]


def shown_in(tiles) -> list[np.ndarray]:
    files = [io.BytesIO(tile.png) for tile in tiles]
    return [np.asarray(Image.open(file).convert("RGB")) for file in files]


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (4, 4, 3)])
def test_bytes_are_shown_as_they_are(shape):
    images = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
    pixels = pictures.as_pixels(images)
    assert pixels.shape == (2, 4, 4, 3)
    assert np.array_equal(
        pixels, np.broadcast_to(images.reshape(2, 4, 4, -1), pixels.shape)
    )


def test_other_numbers_are_stretched_to_what_can_be_seen():
    images = np.array([-1.0, 0.0, 1.0, np.nan]).reshape(1, 2, 2, 1)
    assert pictures.as_pixels(images)[0, :, :, 0].tolist() == [[0, 128], [255, 128]]
    assert pictures.as_pixels(np.ones((1, 2, 2))).max() == 0
    assert pictures.as_pixels(np.zeros((1, 2, 2, 5), np.uint8)).shape == (1, 2, 2, 3)


def test_a_mosaic_has_every_image_at_its_corner_and_nothing_elsewhere():
    images = made_runs.images(5, 4, 3)
    canvas, corners = pictures.mosaic(images, 3, above=2, gap=2)
    assert canvas.shape == (2 * 6, 3 * 6, 4)
    for image, (x, y) in zip(images, corners, strict=True):
        assert np.array_equal(canvas[y : y + 4, x : x + 4, :3], image)
    assert np.count_nonzero(canvas[..., 3]) == 5 * 4 * 4


@pytest.mark.parametrize(("count", "side"), [(1, 6), (100, 28), (7, 224)])
def test_the_grid_shows_every_image_below_its_title(count, side):
    images = made_runs.images(count, side)
    titles = [str(index) for index in range(count)]
    (axes,) = pictures.draw_grid(images, titles, [INK] * count).axes
    assert texts(axes) == [(title, INK) for title in titles]
    for index in (0, count - 1):
        expected = pictures.as_pixels(images)[index]
        assert np.array_equal(shown(axes, index, count, side)[..., :3], expected)


def test_no_title_of_a_grid_lies_on_another_or_on_an_image():
    images = made_runs.images(100, 32, 3)
    names = [*cifar100.class_names, "e" * 30]
    found = [Prediction(index, 100 - index, 100, 0.5) for index in range(100)]
    made = laid_out(lambda: pictures.draw_predictions(images, found, names))
    height = made.bbox.height
    (axes,) = made.axes
    boxes = [text.get_window_extent() for text in axes.texts]
    assert all(0 <= box.y0 and box.y1 <= height for box in boxes)
    for upper, lower in zip(boxes[:-10], boxes[10:], strict=True):
        # An image of 32 pixels, each at least twice as large, lies between them.
        assert upper.y0 - lower.y1 >= 64
    sides = [box.x1 for box in boxes[:9]], [box.x0 for box in boxes[1:10]]
    assert all(right <= left for right, left in zip(*sides, strict=True))


def test_samples_have_their_class_as_title():
    (axes,) = pictures.draw_samples(TWO, np.array([1, 2]), NAMES).axes
    assert texts(axes) == [("lawn mower", INK), ("<b>", INK)]
    tiles = galleries.samples(TWO, np.array([1, 2]), NAMES)
    assert [tile.text for tile in tiles] == ["lawn mower", "<b>"]
    assert np.array_equal(shown_in(tiles), pictures.as_pixels(TWO))


def test_right_is_green_wrong_is_red_with_both_classes():
    (axes,) = pictures.draw_predictions(TWO, FOUND, NAMES).axes
    assert texts(axes) == [("T-shirt/top", RIGHT), ("<b>\n(lawn mower)", WRONG)]
    tiles = galleries.predictions(TWO, FOUND, NAMES)
    assert [(tile.kind, tile.text, tile.true_class) for tile in tiles] == [
        ("right", "T-shirt/top", ""),
        ("wrong", "<b>", "lawn mower"),
    ]
    assert tiles[1].alt == "test image 7: <b>, true class lawn mower"
    assert np.array_equal(shown_in(tiles), pictures.as_pixels(TWO))


def test_mistakes_have_their_probability():
    (axes,) = pictures.draw_mistakes(TWO[1:], FOUND[1:], NAMES).axes
    assert texts(axes) == [("<b> 75.0%\n(lawn mower)", WRONG)]
    (tile,) = galleries.predictions(TWO[1:], FOUND[1:], NAMES, probable=True)
    assert (tile.text, tile.true_class) == ("<b> 75.0%", "lawn mower")


def test_top_classes_are_bars_from_the_most_probable_down():
    made = pictures.draw_top(TWO, np.array([0, 1]), PROBABILITIES, NAMES, most=2)
    first, bars, second, others = made.axes
    assert np.array_equal(first.images[0].get_array(), pictures.as_pixels(TWO)[0])
    assert np.array_equal(second.images[0].get_array(), pictures.as_pixels(TWO)[1])
    assert first.get_title() == "true: T-shirt/top"
    assert [bar.get_width() for bar in bars.patches] == [0.7, 0.2]
    assert [label.get_text() for label in bars.get_yticklabels()] == [
        "T-shirt/top",
        "<b>",
    ]
    assert [text.get_text() for text in bars.texts] == ["70.0%", "20.0%"]
    assert [bar.get_width() for bar in others.patches] == [0.45, 0.3]


def test_the_true_class_is_green_and_a_wrong_first_choice_red():
    from matplotlib.colors import to_hex

    made = pictures.draw_top(TWO, np.array([0, 1]), PROBABILITIES, NAMES)
    colours = [
        [to_hex(bar.get_facecolor()) for bar in made.axes[index].patches]
        for index in (1, 3)
    ]
    assert colours == [[RIGHT, FAINT, FAINT], [WRONG, FAINT, RIGHT]]
    first, second = galleries.top(TWO, np.array([0, 1]), PROBABILITIES, NAMES)
    assert first.bars == [
        ("right", 70.0, "T-shirt/top"),
        ("other", 20.0, "<b>"),
        ("other", 10.0, "lawn mower"),
    ]
    assert [kind for kind, *_ in second.bars] == ["wrong", "other", "right"]
    assert np.array_equal(shown_in([first, second]), pictures.as_pixels(TWO))


def test_an_odd_number_of_images_leaves_an_empty_place():
    images, (labels, rows) = made_runs.images(3), made_runs.predictions(3, 4)
    made = pictures.draw_top(images, labels, rows, "abcd")
    assert sum(bool(axes.images) for axes in made.axes) == 3


def test_a_large_image_is_made_smaller_for_the_page():
    (tile,) = galleries.samples(np.zeros((1, 300, 600, 3)), np.array([0]), NAMES)
    assert shown_in([tile])[0].shape == (80, 160, 3)
