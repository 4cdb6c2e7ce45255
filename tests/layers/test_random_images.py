"""The layers that change images at random: what they draw, and what they make of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from scratchnet import Input, Sequential, layers
from scratchnet.foundation import random
from scratchnet.models import load_model
from scratchnet.saving import training_state
from tests.layers.suite import Case, LayerSuite, RefusesShapes, refuses

MADE = {
    layers.RandomFlip: {},
    layers.RandomRotation: {"factor": 0.2},
    layers.RandomZoom: {"height_factor": 0.3, "width_factor": (-0.2, 0.1)},
    layers.RandomTranslation: {"height_factor": 0.3, "width_factor": 0.2},
    layers.RandomShear: {"x_factor": 0.3, "y_factor": 0.1},
    layers.RandomContrast: {"factor": 0.5, "value_range": (-9, 9)},
    layers.RandomBrightness: {"factor": 0.2, "value_range": (-9, 9)},
}


class RandomSuite(RefusesShapes, LayerSuite):
    terms = 1
    bad_shapes = (({}, (4, 6), r"expected input \(N, H, W, C\), received \(N, 6\)"),)

    def expected(self, layer, x, weights):
        return x

    def tolerance(self, reference, dtype):
        # In training, places are computed in float32, whatever the images are in.
        return 64 * super().tolerance(reference, "float32")


for made, settings in MADE.items():
    name = f"Test{made.__name__}"
    case = Case({**settings, "seed": 1}, (5, 6, 2), (5, 6, 2))
    shapes = tuple((settings, *rest) for _, *rest in RandomSuite.bad_shapes)
    body = {"layer": made, "cases": (case,), "bad_shapes": shapes}
    globals()[name] = type(name, (RandomSuite,), body)


class TestRandomCrop(RefusesShapes, LayerSuite):
    layer = layers.RandomCrop
    cases = (Case({"height": 3, "width": 3, "seed": 1}, (5, 5, 2), (3, 3, 2)),)
    bad_shapes = (
        ({"height": 2, "width": 2}, (4, 6), r"expected input \(N, H, W, C\)"),
    )

    def expected(self, layer, x, weights):
        places = np.array([1 / 3, 2, 11 / 3])
        return np.stack(
            [
                [
                    map_coordinates(
                        image[..., c],
                        np.meshgrid(places, places, indexing="ij"),
                        order=1,
                    )
                    for c in range(2)
                ]
                for image in x
            ]
        ).transpose(0, 2, 3, 1)

    def tolerance(self, reference, dtype):
        return super().tolerance(reference, "float32")


def batch(count=6, shape=(7, 9, 2)):
    return np.random.default_rng(5).random((count, *shape))


@pytest.mark.parametrize("made", [*MADE, layers.RandomCrop])
def test_what_is_drawn_is_a_function_of_seed_step_and_image(made):
    settings = MADE.get(made, {"height": 4, "width": 5})
    layer, twin, other = (made(**settings, seed=seed) for seed in (3, 3, 4))
    x = batch()
    first, second = layer(x), layer(x)
    np.testing.assert_array_equal(twin(x[:2]), first[:2])
    np.testing.assert_array_equal(twin(x), second)
    assert np.any(first != second)
    assert np.any(other(x) != first)
    layer.buffers["seed_state"][1] = 1
    np.testing.assert_array_equal(layer(x, training=True), second)


def test_without_a_seed_one_comes_from_a_stream_of_its_own():
    before = random.get_state()
    try:
        random.reset(1)
        drawn = [layers.RandomRotation(0.3)(batch()) for _ in range(2)]
        random.reset(1)
        random.stream("dropout").random()
        again = layers.RandomRotation(0.3)(batch())
    finally:
        random.set_state(before)
    np.testing.assert_array_equal(again, drawn[0])
    assert np.any(drawn[0] != drawn[1])


@pytest.mark.parametrize(
    ("mode", "axes"),
    [("horizontal", 2), ("vertical", 1), ("horizontal_and_vertical", (1, 2))],
)
def test_half_of_the_images_are_flipped(mode, axes):
    x = batch(400)
    y = layers.RandomFlip(mode, seed=1, dtype="float64")(x)
    flipped = np.all(y == np.flip(x, axes), axis=(1, 2, 3))
    assert np.all(flipped ^ np.all(y == x, axis=(1, 2, 3)))
    assert abs(flipped.mean() - 0.5) < 5 * 0.5 / np.sqrt(len(x))


def test_a_quarter_turn_is_counter_clockwise():
    x = batch(shape=(6, 6, 3))
    y = layers.RandomRotation((0.25, 0.25))(x)
    np.testing.assert_allclose(y, np.rot90(x, 1, (1, 2)), atol=1e-5)


def test_shifts_go_down_and_to_the_right_and_wrap():
    x = batch(shape=(8, 10, 1))
    layer = layers.RandomTranslation((0.25, 0.25), (0.3, 0.3), "wrap", "nearest")
    np.testing.assert_array_equal(
        layer(x), np.roll(x, (2, 3), (1, 2)).astype(np.float32)
    )


SCIPY = {"reflect": "reflect", "nearest": "nearest", "constant": "grid-constant"}


@pytest.mark.parametrize("fill_mode", SCIPY)
def test_a_zoom_agrees_with_scipy(fill_mode):
    x = batch(3, (6, 9, 2))
    settings = {"fill_mode": fill_mode, "fill_value": 0.25, "dtype": "float64"}
    y = layers.RandomZoom((0.6, 0.6), (-0.4, -0.4), **settings)(x)
    rows = 2.5 + 1.6 * (np.arange(6) - 2.5)
    columns = 4 + 0.6 * (np.arange(9) - 4)
    for n, c in np.ndindex(3, 2):
        expected = map_coordinates(
            x[n, ..., c],
            np.meshgrid(rows, columns, indexing="ij"),
            order=1,
            mode=SCIPY[fill_mode],
            cval=0.25,
        )
        np.testing.assert_allclose(y[n, ..., c], expected, atol=1e-5)


def test_contrast_and_brightness_are_their_formulas():
    x = batch() * 255
    y = layers.RandomContrast((0.5, 0.5), seed=1, dtype="float64")(x)
    low, high = 0.5, 1.5
    mean = x.mean(axis=(1, 2), keepdims=True)
    factors = ((y - mean) / (x - mean)).reshape(len(x), -1)
    inside = ((y > 0) & (y < 255)).reshape(len(x), -1)
    for row, seen in zip(factors, inside, strict=True):
        np.testing.assert_allclose(row[seen], row[seen][0], rtol=1e-6)
        assert low <= row[seen][0] <= high
    y = layers.RandomBrightness((0.3, 0.3), dtype="float64")(x)
    np.testing.assert_allclose(y, np.clip(x + 0.3 * 255, 0, 255), rtol=1e-12)


def test_a_crop_is_a_window_and_all_of_a_batch_have_the_same():
    x = batch()
    windows = set()
    layer = layers.RandomCrop(4, 5, seed=2, dtype="float64")
    for _ in range(200):
        y = layer(x)
        at = [
            (top, left)
            for top in range(4)
            for left in range(5)
            if np.array_equal(y, x[:, top : top + 4, left : left + 5])
        ]
        assert len(at) == 1
        windows |= set(at)
    assert len(windows) == 20


def test_alone_and_in_a_model_of_layers_they_draw_unless_told_otherwise():
    x = batch().astype(np.float32)
    steps = [layers.RandomFlip(seed=1), layers.Dropout(0.5)]
    alone = Sequential(steps)
    whole = Sequential([Input(x.shape[1:]), alone, layers.Rescaling(2.0)])
    for y in (steps[0](x), alone(x), whole(x) / 2):
        assert np.any(y != x)
        assert np.all(y != 0)  # nothing is dropped
    for y in (
        alone(x, training=False),
        alone.predict(x, verbose=0),
        alone.predict_on_batch(x),
        whole.predict(x, verbose=0) / 2,
    ):
        np.testing.assert_array_equal(y, x)
    assert np.any(whole(x, training=True) == 0)


def test_whole_numbers_become_floats_and_one_image_is_enough():
    pixels = np.arange(42, dtype=np.uint8).reshape(6, 7, 1)
    for made, settings in MADE.items():
        y = made(**settings)(pixels)
        assert y.dtype == np.float32
        assert y.shape == pixels.shape


@pytest.mark.parametrize(
    ("made", "settings", "rule"),
    [
        (layers.RandomFlip, {"mode": "sideways"}, "mode to be one of horizontal"),
        (layers.RandomFlip, {"seed": 1.5}, "expected an integer seed"),
        (layers.RandomRotation, {"factor": 1.5}, r"in \[-1, 1\], received 1.5"),
        (layers.RandomRotation, {"factor": "x"}, r"a number, or two of them"),
        (layers.RandomZoom, {"height_factor": -1.0}, r"in \(-1, 1\]"),
        (layers.RandomZoom, {"height_factor": (0, 1, 2)}, "or two of them"),
        (layers.RandomContrast, {"factor": -0.1}, r"in \[0, 1\]"),
        (layers.RandomBrightness, {"factor": 1, "value_range": 3}, "value_range to be"),
        (layers.RandomCrop, {"height": 2, "width": 2.5}, "positive integer for width"),
        (
            layers.RandomRotation,
            {"factor": 1, "data_format": "channels_first"},
            "data_format='channels_first' is outside",
        ),
        (
            layers.RandomFlip,
            {"bounding_box_format": "xyxy"},
            "bounding_box_format='xyxy' is outside",
        ),
    ],
)
def test_what_can_not_be_done_is_refused(made, settings, rule):
    refuses(made, settings, rule)


def test_unknown_words_are_errors_of_the_type_that_keras_has():
    with pytest.raises(NotImplementedError, match="fill_mode to be one of constant"):
        layers.RandomRotation(0.1, fill_mode="mirror")
    with pytest.raises(NotImplementedError, match="interpolation to be one of nearest"):
        layers.RandomZoom(0.1, interpolation="cubic")


def small_model():
    model = Sequential(
        [
            Input((7, 9, 2)),
            layers.Normalization(),
            layers.RandomRotation(0.2, seed=1),
            layers.RandomContrast(0.5, value_range=(-9, 9)),
            layers.Resizing(4, 4),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    model.compile("sgd", "mse")
    return model


def test_a_run_that_goes_on_draws_what_it_would_have_drawn():
    x, y = batch(8), np.ones((8, 2))
    settings = {"batch_size": 3, "shuffle": False, "verbose": 0}
    first, second = small_model(), small_model()
    first.fit(x, y, epochs=1, **settings)
    state = training_state.collect(first, 1)
    first.fit(x, y, epochs=1, **settings)
    second.fit(x, y, epochs=1, **settings)
    training_state.restore("test", second, state)
    second.fit(x, y, epochs=1, **settings)
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("ending", [".keras", ".weights.h5", ".npz"])
def test_what_was_adapted_is_kept_in_files(tmp_path, ending):
    x, model, other = batch(8), small_model(), small_model()
    model.layers[0].adapt(x * 3)
    path = tmp_path / f"model{ending}"
    if ending == ".keras":
        model.save(path)
        other = load_model(path)
    else:
        model.save_weights(path)
        other.load_weights(path)
    np.testing.assert_array_equal(
        other.predict(x, verbose=0), model.predict(x, verbose=0)
    )
