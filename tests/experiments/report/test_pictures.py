from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from experiments.report import pictures, tiles
from experiments.report.look import FAINT, INK, RIGHT, WRONG
from experiments.report.tiles import Guess, Tile
from scratchnet.datasets import cifar100
from tests.experiments.report import made_runs
from tests.experiments.report.laid_out import laid_out

NAMES = ("T-shirt/top", "lawn_mower", "<b>")
TWO = made_runs.images(2)
PROBABILITIES = np.array([[0.7, 0.1, 0.2], [0.3, 0.25, 0.45]])
FOUND = tiles.predictions(TWO, np.array([0, 1]), PROBABILITIES, NAMES, np.array([0, 1]))


def plain(images: np.ndarray) -> list[Tile]:
    """Return images without a prediction."""
    return tiles.samples(images, np.zeros(len(images), int), NAMES)


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
    pixels = tiles.as_pixels(images)
    assert pixels.shape == (2, 4, 4, 3)
    assert np.array_equal(
        pixels, np.broadcast_to(images.reshape(2, 4, 4, -1), pixels.shape)
    )


def test_other_numbers_are_stretched_to_what_can_be_seen():
    images = np.array([-1.0, 0.0, 1.0, np.nan]).reshape(1, 2, 2, 1)
    assert tiles.as_pixels(images)[0, :, :, 0].tolist() == [[0, 128], [255, 128]]
    assert tiles.as_pixels(np.ones((1, 2, 2))).max() == 0
    assert tiles.as_pixels(np.zeros((1, 2, 2, 5), np.uint8)).shape == (1, 2, 2, 3)


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
    (axes,) = pictures.draw_grid(plain(images), titles, [INK] * count).axes
    assert texts(axes) == [(title, INK) for title in titles]
    for index in (0, count - 1):
        expected = tiles.as_pixels(images)[index]
        assert np.array_equal(shown(axes, index, count, side)[..., :3], expected)


def test_no_title_of_a_grid_lies_on_another_or_on_an_image():
    images = made_runs.images(100, 32, 3)
    guesses = [Guess("e" * 30, 0.5, False)]
    found = [
        Tile(pixels, name, guesses=guesses)
        for pixels, name in zip(images, cifar100.class_names, strict=True)
    ]
    made = laid_out(lambda: pictures.draw_predictions(found))
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
    found = tiles.samples(TWO, np.array([1, 2]), NAMES)
    assert [tile.true for tile in found] == ["lawn_mower", "<b>"]
    (axes,) = pictures.draw_samples(found).axes
    assert texts(axes) == [("lawn mower", INK), ("<b>", INK)]
    assert np.array_equal(shown_in(found), tiles.as_pixels(TWO))


def test_a_tile_has_the_most_probable_classes_from_the_most_probable_down():
    right, wrong = FOUND
    assert (right.index, right.true, wrong.index, wrong.true) == (
        0,
        "T-shirt/top",
        1,
        "lawn_mower",
    )
    assert right.guesses == [
        ("T-shirt/top", 0.7, True),
        ("<b>", 0.2, False),
        ("lawn_mower", 0.1, False),
    ]
    assert [guess.right for guess in wrong.guesses] == [False, False, True]
    assert np.array_equal(shown_in(FOUND), tiles.as_pixels(TWO))
    (tile,) = tiles.predictions(
        TWO, np.array([3, 8]), np.eye(9)[[0, 1]], "abcdefghi", np.array([1])
    )
    assert (tile.index, tile.true) == (1, "i")
    assert [guess.name for guess in tile.guesses] == list("bacde")


def test_classes_of_the_same_name_are_told_apart():
    found = tiles.predictions(TWO, np.array([0, 1]), PROBABILITIES, "xxx", np.arange(2))
    assert [tile.guesses[0].right for tile in found] == [True, False]


def test_right_is_green_wrong_is_red_with_both_classes():
    (axes,) = pictures.draw_predictions(FOUND).axes
    assert texts(axes) == [("T-shirt/top", RIGHT), ("<b>\n(lawn mower)", WRONG)]


def test_mistakes_have_their_probability():
    (axes,) = pictures.draw_mistakes(FOUND[1:]).axes
    assert texts(axes) == [("<b> 45.0%\n(lawn mower)", WRONG)]


def test_top_classes_are_bars_from_the_most_probable_down():
    made = pictures.draw_top(FOUND)
    first, bars, second, others = made.axes
    assert np.array_equal(first.images[0].get_array(), tiles.as_pixels(TWO)[0])
    assert np.array_equal(second.images[0].get_array(), tiles.as_pixels(TWO)[1])
    assert first.get_title() == "true: T-shirt/top"
    assert [bar.get_width() for bar in bars.patches] == [0.7, 0.2, 0.1]
    assert [label.get_text() for label in bars.get_yticklabels()] == [
        "T-shirt/top",
        "<b>",
        "lawn mower",
    ]
    assert [text.get_text() for text in bars.texts] == ["70.0%", "20.0%", "10.0%"]
    assert [bar.get_width() for bar in others.patches] == [0.45, 0.3, 0.25]


def test_the_true_class_is_green_and_a_wrong_first_choice_red():
    made = pictures.draw_top(FOUND)
    colours = [
        [to_hex(bar.get_facecolor()) for bar in made.axes[index].patches]
        for index in (1, 3)
    ]
    assert colours == [[RIGHT, FAINT, FAINT], [WRONG, FAINT, RIGHT]]


def test_an_odd_number_of_images_leaves_an_empty_place():
    made = pictures.draw_top(plain(made_runs.images(3)))
    assert sum(bool(axes.images) for axes in made.axes) == 3


def test_a_large_image_is_made_smaller_for_the_page():
    assert shown_in(plain(np.zeros((1, 300, 600, 3))))[0].shape == (80, 160, 3)
