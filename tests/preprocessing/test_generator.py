"""ImageDataGenerator: its changes worked out by hand, and what it hands out.

`tests/keras/parity/test_image_data.py` compares its batches with Keras's.
"""

from __future__ import annotations

import numpy as np
import pytest

import scratchnet as keras
from scratchnet.preprocessing.image import (
    ImageDataGenerator,
    apply_affine_transform,
    apply_brightness_shift,
)
from tests.utils import pictures

X = (np.random.default_rng(2).random((10, 6, 6, 3)) * 255).astype(np.float32)
Y = np.arange(10)


def test_an_image_is_turned_shifted_and_mirrored():
    image, last = X[0], {"row_axis": 0, "col_axis": 1, "channel_axis": 2}
    turned = apply_affine_transform(image, theta=90, **last)
    np.testing.assert_allclose(turned, np.rot90(image), atol=1e-3)
    shifted = apply_affine_transform(image, tx=2, fill_mode="constant", cval=5, **last)
    np.testing.assert_allclose(shifted[:, :4], image[:, 2:], atol=1e-3)
    assert np.all(shifted[:, 4:] == 5)
    assert apply_affine_transform(image, **last) is image
    own = ImageDataGenerator()
    mirrored = own.apply_transform(image, {"flip_horizontal": True})
    np.testing.assert_array_equal(mirrored, image[:, ::-1])
    np.testing.assert_allclose(
        apply_brightness_shift(image, 0.5, False), image / 2, atol=1
    )


def test_standardization_is_in_keras_s_order():
    generator = ImageDataGenerator(
        rescale=0.5, preprocessing_function=lambda x: x + 2, samplewise_center=True
    )
    expected = (X[0] + 2) / 2
    np.testing.assert_allclose(
        generator.standardize(X[0].copy()), expected - expected.mean(), atol=1e-4
    )
    generator = ImageDataGenerator(
        featurewise_center=True, featurewise_std_normalization=True
    )
    generator.fit(X)
    batch = generator.flow(X, batch_size=10)[0]
    np.testing.assert_allclose(batch.mean((0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(batch.std((0, 1, 2)), 1, rtol=1e-4)
    with pytest.warns(UserWarning, match="no effect before fit"):
        ImageDataGenerator(featurewise_center=True).standardize(X[0].copy())


def test_a_seed_repeats_the_batches():
    generator = ImageDataGenerator(rotation_range=30, zoom_range=0.2)
    flows = [generator.flow(X, Y, batch_size=4, seed=s) for s in (1, 1, 2)]
    batches = [[next(flow) for _ in range(5)] for flow in flows]
    for (x, y), (again, labels) in zip(*batches[:2], strict=True):
        np.testing.assert_array_equal(x, again)
        np.testing.assert_array_equal(y, labels)
    assert np.any(batches[0][0][0] != batches[2][0][0])
    first_pass = np.concatenate([y for _, y in batches[0][:3]])
    assert sorted(first_pass) == list(Y)


def test_a_model_is_trained_on_it():
    flow = ImageDataGenerator(rescale=1 / 255).flow(X, Y % 2, batch_size=4)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    history = model.fit(flow, epochs=2, validation_data=flow, verbose=0)
    assert len(history.history["loss"]) == 2
    assert isinstance(flow, keras.utils.PyDataset)
    in_order = ImageDataGenerator(rescale=1 / 255).flow(X, batch_size=4, shuffle=False)
    np.testing.assert_allclose(
        model.predict(in_order, verbose=0), model.predict(X / 255, verbose=0), rtol=1e-4
    )


def test_folders(tmp_path):
    pictures.write(tmp_path / "in", {"a": 6, "b": 4})
    (tmp_path / "out").mkdir()
    flow = ImageDataGenerator(validation_split=0.5).flow_from_directory(
        tmp_path / "in",
        target_size=(5, 7),
        batch_size=3,
        shuffle=False,
        subset="validation",
        save_to_dir=tmp_path / "out",
    )
    assert flow.samples == 5 and flow.class_indices == {"a": 0, "b": 1}
    assert flow.filenames[0] == "a/0.png" and flow.classes.tolist() == [0, 0, 0, 1, 1]
    x, y = flow[1]
    np.testing.assert_array_equal(y, [[0, 1], [0, 1]])
    np.testing.assert_array_equal(x[:, 0, 0, 0], [1, 11])
    assert len(list((tmp_path / "out").iterdir())) == 2


class Table(dict):
    """The part of pandas's DataFrame that is used: columns by name."""


def test_tables(tmp_path):
    pictures.write(tmp_path, {"a": 3})
    names = [f"a/{i}.png" for i in (2, 0, 9, 1)]
    table = Table(filename=names, of=["x", "y", "x", ["x", "y"]], value=[1.0, 2, 3, 4])
    settings = {"target_size": (5, 7), "shuffle": False, "directory": tmp_path}
    generator = ImageDataGenerator()
    with pytest.warns(UserWarning, match="1 files in column 'filename' are not there"):
        flow = generator.flow_from_dataframe(table, y_col="of", **settings)
    x, y = flow[0]
    np.testing.assert_array_equal(x[:, 0, 0, 0], [20, 0, 10])
    np.testing.assert_array_equal(y, [[1, 0], [0, 1], [1, 1]])
    settings |= {"validate_filenames": False, "class_mode": "raw"}
    flow = generator.flow_from_dataframe(table, y_col="value", **settings)
    assert flow.samples == 4 and flow.labels.tolist() == [1, 2, 3, 4]
    settings |= {"validate_filenames": True, "class_mode": "multi_output"}
    with pytest.warns(UserWarning, match="1 files"):
        flow = generator.flow_from_dataframe(
            table, y_col=["value", "filename"], batch_size=2, **settings
        )
    (_, first), (_, second) = flow[0], flow[1]
    assert [y.tolist() for y in first] == [[1, 2], names[:2]]
    assert [y.tolist() for y in second] == [[4], names[3:]]
    with pytest.raises(TypeError, match="expected a list of columns"):
        generator.flow_from_dataframe(table, y_col="value", **settings)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: ImageDataGenerator(zoom_range=(1, 2, 3)), "zoom_range to be two"),
        (lambda: ImageDataGenerator(brightness_range=1), "brightness_range to be two"),
        (lambda: ImageDataGenerator(fill_mode="x"), "fill_mode to be one of"),
        (lambda: ImageDataGenerator(validation_split=2), "a number between 0 and 1"),
        (lambda: ImageDataGenerator().flow(X[0]), "expected images"),
        (lambda: ImageDataGenerator().flow(X, Y[1:]), "as many of y as images, 10"),
        (lambda: ImageDataGenerator().flow(X, subset="x"), "one of training, valid"),
        (lambda: ImageDataGenerator().fit(X[0]), "expected images"),
        (
            lambda: ImageDataGenerator(validation_split=0.5).flow(
                X, Y, subset="training"
            ),
            "different classes",
        ),
        (
            lambda: ImageDataGenerator(data_format="channels_first"),
            "data_format='channels_first' is outside",
        ),
    ],
)
def test_what_can_not_be_done_is_said(call, rule):
    with pytest.raises((ValueError, NotImplementedError), match=rule):
        call()


def test_settings_that_follow_from_others_are_said():
    with pytest.warns(UserWarning, match="sets featurewise_center to True"):
        assert ImageDataGenerator(zca_whitening=True).featurewise_center


def test_a_misspelt_attribute_is_refused() -> None:
    generator = ImageDataGenerator()
    generator.horizontal_flip = True
    for thing in (generator, generator.flow(np.zeros((2, 3, 3, 1)))):
        with pytest.raises(AttributeError, match="'rotatoin' that could be set"):
            thing.rotatoin = 2
