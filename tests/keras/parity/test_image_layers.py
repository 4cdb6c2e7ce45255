"""Layers that prepare images, beside Keras's with the same numbers drawn.

What is drawn is each side's own. What is done with it is the same but for rounding:
places are float32 on both sides, so that a pixel may be found a few hundred-thousandths
of a pixel further on, which the bounds allow for with pixels of a size of about 1.
"""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras
import tensorflow as tf

import scratchnet
from scratchnet import layers
from tests.keras.parity import draw

FILL_MODE = st.sampled_from(["reflect", "wrap", "constant", "nearest"])
SIZE = st.integers(1, 12)
# TensorFlow's warnings are not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NEAR = 3e-4  # pixels of size 1 to 4, and places of up to 100 in float32


def batch(rng, *shape, dtype="float32"):
    return rng.standard_normal(shape).astype(dtype)


def with_gradient(function, x, dy):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return y.numpy(), tape.gradient(y, x, output_gradients=dy).numpy()


def compare(layer, x, theirs):
    """Compare y and dx with Keras's, which `theirs` computes of x."""
    y = layer(x, training=True).copy()
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(x.dtype)
    expected, gradient = with_gradient(theirs, x, dy)
    assert y.dtype == expected.dtype
    np.testing.assert_allclose(y, expected, rtol=0, atol=NEAR)
    largest = max(1, np.abs(gradient).max())
    np.testing.assert_allclose(
        layer.backward(dy), gradient, rtol=0, atol=NEAR * largest
    )


MOVES = {
    "RandomRotation": {"factor": 0.4},
    "RandomZoom": {"height_factor": 0.4, "width_factor": (-0.3, 0.5)},
    "RandomTranslation": {"height_factor": 0.4, "width_factor": 0.6},
    "RandomShear": {"x_factor": 0.5, "y_factor": (0.1, 0.3)},
}


@pytest.mark.parametrize("kind", MOVES)
@draw.examples(20)
@given(SIZE, SIZE, FILL_MODE, draw.DTYPE, draw.RNG)
def test_images_that_are_moved(kind, H, W, fill_mode, dtype, rng):
    # Values alone: TensorFlow takes the inverse transform of dy for the gradient, which
    # is near it. Ours is the gradient; `tests/gradcheck` has that.
    # `wrap` jumps from one edge to the other, and where is a matter of rounding.
    settings = {**MOVES[kind], "fill_mode": fill_mode, "fill_value": 0.75, "seed": 5}
    mine = getattr(layers, kind)(**settings, dtype=dtype)
    theirs = getattr(keras.layers, kind)(**settings, dtype=dtype)
    x = batch(rng, 3, H, W, 2, dtype=dtype)
    twin = getattr(layers, kind)(**settings, dtype=dtype)
    twin.ensure_built(x.shape)
    (move,) = twin.transforms(x.shape, True)
    if fill_mode == "wrap":
        ys, xs = np.mgrid[:H, :W]
        matrices = move.matrices.reshape(-1, 6, 1, 1)
        for place, size in (
            (matrices[:, 0] * xs + matrices[:, 1] * ys + matrices[:, 2], W),
            (matrices[:, 3] * xs + matrices[:, 4] * ys + matrices[:, 5], H),
        ):
            edges = np.abs(place / max(size - 1, 1))
            if np.abs(edges - np.rint(edges)).min() < 1e-4:
                return
    drawn = transformation(kind, twin, move, H, W)
    expected = theirs.transform_images(x, drawn, training=True).numpy()
    np.testing.assert_allclose(mine(x), expected, rtol=0, atol=NEAR)


def transformation(kind, layer, move, H, W):
    """Return what Keras's layer would have drawn, for the matrices of ours."""
    m = move.matrices.astype(np.float32)
    if kind == "RandomRotation":
        angle = tf.constant(np.degrees(np.arctan2(m[:, 3], m[:, 0])))
        nothing = tf.zeros(len(m))
        own = keras.layers.RandomRotation(0.1)
        return {
            "rotation_matrix": own._compute_affine_matrix(
                center_x=0.5,
                center_y=0.5,
                angle=angle,
                **{"translate_x": nothing, "translate_y": nothing},
                scale=tf.ones(len(m)),
                **{"shear_x": nothing, "shear_y": nothing, "height": H, "width": W},
            )
        }
    if kind == "RandomZoom":
        return {"height_zoom": m[:, 4:5], "width_zoom": m[:, 0:1]}
    if kind == "RandomTranslation":
        return {"translations": -m[:, [2, 5]]}
    return {"shear_factor": m[:, [1, 3]]}


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
def test_flips(mode):
    x = batch(np.random.default_rng(0), 40, 5, 6, 3)
    mine, theirs = layers.RandomFlip(mode, seed=1), keras.layers.RandomFlip(mode)
    twin = layers.RandomFlip(mode, seed=1)
    twin.ensure_built(x.shape)
    (move,) = twin.transforms(x.shape, True)
    flips = (move.matrices[:, 0] < 0) | (move.matrices[:, 4] < 0)
    assert 5 < flips.sum() < 35
    drawn = {"flips": flips.reshape(-1, 1, 1, 1)}
    compare(mine, x, lambda t: theirs.transform_images(t, drawn, training=True))


@draw.examples(20)
@given(st.sampled_from([0.3, (0.2, 0.9), (1.0, 1.0)]), draw.DTYPE, draw.RNG)
def test_contrast_and_brightness(factor, dtype, rng):
    x = 0.5 + batch(rng, 3, 5, 6, 2, dtype=dtype)
    settings = {"factor": factor, "value_range": (-1, 2), "dtype": dtype}
    mine = layers.RandomContrast(**settings)
    mine(x, training=True)
    state = mine.buffers["seed_state"].copy()
    mine.forward(x, training=True)
    factors = mine._cache[1].reshape(-1, 1, 1, 1)
    low, high = mine.factor
    assert np.all((factors >= 1 - low) & (factors <= 1 + high))
    mine.buffers["seed_state"][...] = state
    theirs = keras.layers.RandomContrast(**settings)
    drawn = {"contrast_factor": factors}
    compare(mine, x, lambda t: theirs.transform_images(t, drawn, training=True))

    mine = layers.RandomBrightness(**settings)
    mine(x, training=True)
    state = mine.buffers["seed_state"].copy()
    mine.forward(x, training=True)
    drawn = {"rgb_delta": mine._cache[1]}
    mine.buffers["seed_state"][...] = state
    theirs = keras.layers.RandomBrightness(**settings)
    compare(mine, x, lambda t: theirs.transform_images(t, drawn, training=True))


DISTRIBUTED = {
    "RandomRotation": ({"factor": (-0.1, 0.3)}, lambda d: d["angle"] / 360),
    "RandomZoom": ({"height_factor": 0.4}, lambda d: d["height_zoom"]),
    "RandomContrast": ({"factor": (0.2, 0.5)}, lambda d: d["contrast_factor"]),
    "RandomBrightness": ({"factor": 0.3}, lambda d: d["rgb_delta"]),
}


@pytest.mark.parametrize("kind", DISTRIBUTED)
def test_what_is_drawn_is_distributed_alike(kind):
    settings, get = DISTRIBUTED[kind]
    x = np.ones((4000, 2, 2, 1), np.float32)
    theirs = getattr(keras.layers, kind)(**settings, seed=1)
    expected = np.sort(np.ravel(get(theirs.get_random_transformation(x))))
    mine = getattr(layers, kind)(**settings, seed=1)
    mine.ensure_built(x.shape)
    if kind in ("RandomRotation", "RandomZoom"):
        m = mine.matrices(*x.shape[:3])
        found = np.arctan2(m[:, 3], m[:, 0]) / (2 * np.pi)
        found = m[:, 4] if kind == "RandomZoom" else found
    else:
        mine.forward(x, training=True)
        found = mine._cache[1].ravel()
    # Of 4000 uniform numbers the largest gap to the distribution is about 0.02.
    width = expected[-1] - expected[0]
    assert np.abs(np.sort(found) - expected).max() < 0.06 * width


@draw.examples(60)
@given(SIZE, SIZE, st.tuples(SIZE, SIZE), st.integers(0, 2), draw.DTYPE, draw.RNG)
def test_resizing(H, W, to, kept, dtype, rng):
    x = batch(rng, 2, H, W, 2, dtype=dtype)
    more = [{}, {"crop_to_aspect_ratio": True}]
    more += [{"pad_to_aspect_ratio": True, "fill_value": 0.5}]
    for interpolation in ("bilinear", "nearest"):
        settings = {"interpolation": interpolation, **more[kept]}
        mine = layers.Resizing(*to, **settings, dtype=dtype)
        theirs = keras.layers.Resizing(*to, **settings, dtype=dtype)
        y, expected = mine(x), theirs(x).numpy()
        np.testing.assert_allclose(y, expected, rtol=0, atol=NEAR)


def test_the_nearest_pixel_of_every_size():
    row = np.arange(40, dtype=np.float32).reshape(1, 1, -1, 1)
    for before, after in itertools.product(range(1, 41), repeat=2):
        x = row[:, :, :before]
        y = layers.Resizing(1, after, "nearest")(x)
        expected = tf.image.resize(x, (1, after), "nearest").numpy()
        # Half-way between two pixels, TensorFlow leaves it to rounding.
        between = (2 * np.arange(after) + 1) * before % (2 * after) == 0
        same = (y == expected).ravel()
        assert np.all(same | between), f"{before} to {after}"


@draw.examples(40)
@given(SIZE, SIZE, st.tuples(SIZE, SIZE), draw.RNG)
def test_crops(H, W, to, rng):
    x = batch(rng, 2, H, W, 2)
    y = layers.CenterCrop(*to)(x)
    np.testing.assert_allclose(y, keras.layers.CenterCrop(*to)(x), rtol=0, atol=NEAR)
    if H > to[0] and W > to[1]:
        return
    y = layers.RandomCrop(*to)(x, training=True)
    expected = keras.layers.RandomCrop(*to)(x, training=True).numpy()
    np.testing.assert_allclose(y, expected, rtol=0, atol=NEAR)


@pytest.mark.parametrize("axis", [-1, None, (1, -1)])
@pytest.mark.parametrize("invert", [False, True])
def test_normalization(axis, invert):
    x = 3 + batch(np.random.default_rng(2), 30, 4, 5, 2)
    mine = layers.Normalization(axis, invert=invert)
    theirs = keras.layers.Normalization(axis, invert=invert)
    for layer in (mine, theirs):
        layer.adapt(x)
    for one, other in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other, rtol=1e-5)
    np.testing.assert_allclose(mine(x), theirs(x).numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(mine.mean, theirs.mean.numpy(), rtol=1e-5)
    np.testing.assert_allclose(mine.variance, theirs.variance.numpy(), rtol=1e-5)
    data = tf.data.Dataset.from_tensor_slices(x).batch(7)
    again, own = (of.Normalization(axis) for of in (layers, keras.layers))
    again.adapt(batch.numpy() for batch in data)
    own.adapt(data)
    for one, other in zip(again.get_weights(), own.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def model_of(library):
    return library.Sequential(
        [
            library.Input((8, 9, 3)),
            library.layers.Normalization(),
            library.layers.Resizing(7, 7),
            library.layers.RandomFlip("horizontal", seed=1),
            library.layers.RandomRotation(0.1, "constant", fill_value=0.5),
            library.layers.RandomZoom((-0.1, 0.2)),
            library.layers.RandomTranslation(0.1, 0.2, "wrap"),
            library.layers.RandomShear(0.1, 0.2),
            library.layers.RandomContrast(0.2, value_range=(-9, 9)),
            library.layers.RandomBrightness(0.2, value_range=(-9, 9)),
            library.layers.CenterCrop(5, 6),
            library.layers.Rescaling(0.5),
            library.layers.Flatten(),
            library.layers.Dense(2),
        ]
    )


@pytest.mark.parametrize("writer", ["scratchnet", "keras"])
def test_files_go_both_ways(tmp_path, writer):
    reader = {"scratchnet": keras, "keras": scratchnet}[writer]
    model = model_of({"scratchnet": scratchnet, "keras": keras}[writer])
    x = 2 + batch(np.random.default_rng(4), 6, 8, 9, 3)
    model.layers[0].adapt(x)
    path = str(tmp_path / "model.keras")
    model.save(path)
    again = reader.models.load_model(path)
    np.testing.assert_allclose(
        again.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-4
    )
    for one, other in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


SHEARS = ("x_factor", "y_factor")


def test_configurations_say_the_same():
    for mine, theirs in zip(
        model_of(scratchnet).layers[:-1], model_of(keras).layers[:-1], strict=True
    ):
        found, expected = (
            json.loads(json.dumps(layer.get_config())) for layer in (mine, theirs)
        )
        # Keras's RandomShear writes factors that it then refuses to read.
        for name in found.keys() & expected.keys() - {*"dtype name".split(), *SHEARS}:
            assert found[name] == expected[name], (mine.name, name)
