"""Images on the way to the model, beside Keras: files, folders, the old generator.

The generator draws from NumPy's global numbers in Keras and from its own here, in the
same order: with a seed, the batches are the same.
"""

import os
import warnings

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras
from keras.src.legacy.preprocessing import image as theirs
from PIL import Image

from scratchnet import utils
from scratchnet.preprocessing import image as ours

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

RNG = np.random.default_rng(7)
X = (RNG.random((11, 9, 8, 3)) * 255).astype(np.float32)
Y = np.arange(11)

SETTINGS = {
    "turned": {"rotation_range": 40, "horizontal_flip": True},
    "shifted": {"width_shift_range": 0.3, "height_shift_range": 2.5},
    "whole_pixels": {"width_shift_range": 3, "height_shift_range": [-2, 0, 1]},
    "slanted": {"shear_range": 20, "zoom_range": 0.3, "fill_mode": "reflect"},
    "filled": {"rotation_range": 90, "fill_mode": "constant", "cval": 7.0},
    "wrapped": {"rotation_range": 90, "fill_mode": "wrap", "interpolation_order": 0},
    "recoloured": {"channel_shift_range": 30.0, "brightness_range": (0.5, 1.5)},
    "rescaled": {"rescale": 1 / 255, "vertical_flip": True, "zoom_range": (0.5, 2)},
    "called": {"preprocessing_function": lambda x: 255 - x},
    "samplewise": {"samplewise_center": True, "samplewise_std_normalization": True},
    "featurewise": {"featurewise_center": True, "featurewise_std_normalization": True},
    "white": {"featurewise_center": True, "zca_whitening": True},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_batches_are_keras_s(name):
    mine, other = (
        library.ImageDataGenerator(**SETTINGS[name]) for library in (ours, theirs)
    )
    if name in ("featurewise", "white"):
        mine.fit(X, augment=True, rounds=2, seed=3)
        other.fit(X, augment=True, rounds=2, seed=3)
    flows = [g.flow(X, Y, batch_size=4, seed=5) for g in (mine, other)]
    assert len(flows[0]) == len(flows[1])
    for _ in range(7):  # over the end of a pass
        (x, y), (x_other, y_other) = map(next, flows)
        np.testing.assert_array_equal(y, y_other)
        assert x.dtype == x_other.dtype
        atol = 1e-3 if name == "white" else 1e-4
        np.testing.assert_allclose(x, x_other, rtol=1e-4, atol=atol)
    by_number = [g.flow(X, Y, batch_size=4, seed=6) for g in (mine, other)]
    for number in (1, 0, 2):
        (x, y), (x_other, y_other) = (flow[number] for flow in by_number)
        np.testing.assert_array_equal(y, y_other)
        np.testing.assert_allclose(x, x_other, rtol=1e-4, atol=1e-3)


def test_one_image_and_its_parameters():
    settings = {**SETTINGS["turned"], **SETTINGS["recoloured"], "zoom_range": 0.2}
    mine, other = (g.ImageDataGenerator(**settings) for g in (ours, theirs))
    drawn = mine.get_random_transform(X[0].shape, seed=4)
    expected = other.get_random_transform(X[0].shape, seed=4)
    assert {k: v for k, v in drawn.items() if v} == {
        k: v for k, v in expected.items() if v
    }
    np.testing.assert_allclose(
        mine.random_transform(X[0], seed=4), other.random_transform(X[0], seed=4)
    )


def test_arrays_are_split_alike():
    mine, other = (g.ImageDataGenerator(validation_split=0.3) for g in (ours, theirs))
    y = np.zeros(11)
    for subset in ("training", "validation"):
        settings = {"subset": subset, "shuffle": False}
        for one, two in zip(
            mine.flow(X, y, **settings)[0], other.flow(X, y, **settings)[0], strict=True
        ):
            np.testing.assert_array_equal(one, two)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(1)
    for name, count, mode in (("cat", 7, "RGB"), ("dog", 5, "L"), ("eel", 3, "RGBA")):
        (root / name / "deeper").mkdir(parents=True)
        for i in range(count):
            size = (*rng.integers(4, 13, 2), {"L": 1, "RGB": 3, "RGBA": 4}[mode])
            pixels = rng.integers(0, 256, size, dtype=np.uint8)
            where = root / name / ("deeper" if i == 2 else "")
            Image.fromarray(pixels.squeeze(-1) if mode == "L" else pixels).save(
                where / f"{i}.png"
            )
        (root / name / "notes.txt").write_text("no picture")
    return root


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"class_mode": "sparse", "color_mode": "grayscale", "shuffle": False},
        {"class_mode": "binary", "classes": ["dog", "cat"], "target_size": (5, 9)},
        {"class_mode": "input", "interpolation": "bicubic"},
        {"class_mode": None, "color_mode": "rgba", "keep_aspect_ratio": True},
        {"subset": "training"},
        {"subset": "validation"},
    ],
)
def test_folders_are_read_alike(folder, settings):
    settings = {"target_size": (6, 6), "batch_size": 4, "seed": 2, **settings}
    mine, other = (
        g.ImageDataGenerator(
            rotation_range=20, validation_split=0.4
        ).flow_from_directory(folder, **settings)
        for g in (ours, theirs)
    )
    assert mine.class_indices == other.class_indices
    assert mine.filenames == other.filenames
    assert (mine.samples, mine.n) == (other.samples, other.n)
    np.testing.assert_array_equal(mine.classes, other.classes)
    assert mine.image_shape == other.image_shape
    for _ in range(5):
        found, expected = next(mine), next(other)
        if settings.get("class_mode", "") is None:
            found, expected = (found,), (expected,)
        for one, two in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"label_mode": "categorical", "image_size": (5, 9)},
        {"label_mode": "binary", "class_names": ["eel", "dog"]},
        {"label_mode": None, "crop_to_aspect_ratio": True},
        {"labels": None, "pad_to_aspect_ratio": True},
        {"labels": [2, 0] * 7 + [1], "interpolation": "nearest"},
        {"color_mode": "rgba", "batch_size": None},
        {"validation_split": 0.4, "subset": "training", "seed": 3},
        {"validation_split": 0.4, "subset": "validation", "seed": 3},
        {"validation_split": 0.4, "subset": "both", "seed": 3},
    ],
)
def test_data_sets_of_folders_hold_the_same(folder, settings):
    settings = {"image_size": (6, 6), "batch_size": 4, **settings}
    shuffle = "validation_split" in settings
    mine, other = (
        library.image_dataset_from_directory(folder, shuffle=shuffle, **settings)
        for library in (utils, keras.utils)
    )
    both = settings.get("subset") == "both"
    for one, two in zip(
        mine if both else [mine], other if both else [other], strict=True
    ):
        assert one.class_names == two.class_names
        assert list(one.file_paths) == list(two.file_paths)
        assert len(one) == len(two)
        found, expected = pictures(one), pictures(two)
        assert len(found) == len(expected)
        if shuffle:  # each in an order of its own
            found, expected = sorted(found, key=total), sorted(expected, key=total)
        for a, b in zip(found, expected, strict=True):
            for own, its in zip(a, b, strict=True):
                assert own.dtype == its.dtype
                np.testing.assert_allclose(own, its, rtol=1e-5, atol=5e-3)


def total(sample):
    return float(np.sum(sample[0]))


def pictures(data):
    """Return all samples, each a tuple, of batches or without them."""
    found = []
    for item in data:
        parts = item if isinstance(item, tuple) else (item,)
        parts = [np.asarray(part) for part in parts]
        if parts[0].ndim == 3:
            parts = [part[np.newaxis] for part in parts]
        found += list(zip(*parts, strict=True))
    return found


def test_the_order_of_files_after_a_seed_is_keras_s(folder):
    for library in (utils, keras.utils):
        data = library.image_dataset_from_directory(folder, seed=11, verbose=False)
        names = [os.path.relpath(path, folder) for path in data.file_paths]
        if library is utils:
            found = names
    assert found == names


@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize("keep", [False, True])
def test_pictures_are_loaded_and_written_alike(folder, tmp_path, color_mode, keep):
    for path in sorted(folder.rglob("*.png")):
        for interpolation in ("nearest", "lanczos"):
            settings = (color_mode, (5, 9), interpolation, keep)
            found, expected = (
                u.load_img(str(path), *settings) for u in (utils, keras.utils)
            )
            assert found.mode == expected.mode
            mine, other = utils.img_to_array(found), keras.utils.img_to_array(expected)
            assert mine.dtype == other.dtype
            np.testing.assert_array_equal(mine, other)
        for scale in (True, False):
            one, two = tmp_path / "one.png", tmp_path / "two.png"
            utils.save_img(one, mine, scale=scale)
            keras.utils.save_img(two, mine, scale=scale)
            assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
def test_smart_resize(interpolation):
    for size in ((5, 5), (12, 3), (9, 8)):
        np.testing.assert_allclose(
            ours.smart_resize(X, size, interpolation),
            keras.preprocessing.image.smart_resize(X, size, interpolation),
            rtol=1e-4,
            atol=1e-2,
        )


def test_normalize():
    for axis, order in ((-1, 2), (1, 1), (2, np.inf)):
        np.testing.assert_allclose(
            utils.normalize(X[..., 0], axis, order),
            keras.utils.normalize(X[..., 0], axis, order),
        )


def test_a_table_names_the_files(folder):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(
        {"filename": ["cat/0.png", "dog/1.png", "no.png"], "class": ["a", "b", "a"]}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mine, other = (
            g.ImageDataGenerator().flow_from_dataframe(
                table, str(folder), target_size=(5, 5), shuffle=False
            )
            for g in (ours, theirs)
        )
    assert mine.class_indices == other.class_indices
    for one, two in zip(mine[0], other[0], strict=True):
        np.testing.assert_array_equal(one, two)
