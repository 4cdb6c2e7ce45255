from __future__ import annotations

import numpy as np
import pytest

import scratchnet as keras
from scratchnet.utils import image_dataset_from_directory
from tests.utils import pictures


@pytest.fixture
def folder(tmp_path):
    pictures.write(tmp_path, {"a": 5, "b": 4, "c": 3})
    (tmp_path / "a" / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden").mkdir()
    return tmp_path


def read(folder, **settings):
    settings = {"image_size": (5, 7), "verbose": False, **settings}
    return image_dataset_from_directory(folder, **settings)


def test_images_and_labels_in_order(folder, capsys):
    data = read(folder, shuffle=False, batch_size=5, verbose=True)
    assert capsys.readouterr().out == "Found 12 files belonging to 3 classes.\n"
    assert data.class_names == ["a", "b", "c"]
    assert len(data) == 3 and len(data.file_paths) == 12
    batches = list(data)
    labels = np.concatenate([y for _, y in batches])
    np.testing.assert_array_equal(labels, [0] * 5 + [1] * 4 + [2] * 3)
    assert labels.dtype == np.int32
    images = np.concatenate([x for x, _ in batches])
    assert images.dtype == np.float32 and images.shape == (12, 5, 7, 3)
    order = [*range(5), *range(4), *range(3)]
    np.testing.assert_array_equal(images[:, 0, 0, 0], 10 * np.array(order) + labels)


def test_every_pass_is_mixed_anew_and_labels_stay_with_their_images(folder):
    data = read(folder, seed=3, batch_size=12)
    passes = [next(iter(data)) for _ in range(2)]
    for images, labels in passes:
        np.testing.assert_array_equal(images[:, 0, 0, 0].astype(int) % 10, labels)
    assert np.any(passes[0][1] != passes[1][1])
    np.testing.assert_array_equal(
        next(iter(read(folder, seed=3, batch_size=12)))[0], passes[0][0]
    )


def test_training_and_validation_do_not_overlap(folder, capsys):
    settings = {"validation_split": 0.3, "seed": 1}
    parts = [read(folder, subset=s, **settings) for s in ("training", "validation")]
    both = read(folder, subset="both", **settings)
    assert "Using 9 files for training.\nUsing 3 files for" in capsys.readouterr().out
    for one, two in zip(parts, both, strict=True):
        assert one.file_paths == two.file_paths
    files = [set(part.file_paths) for part in parts]
    assert not files[0] & files[1]
    assert [len(own) for own in files] == [9, 3]


def test_labels_of_every_kind(folder):
    y = next(iter(read(folder, label_mode="categorical", shuffle=False)))[1]
    np.testing.assert_array_equal(y, np.eye(3)[[0] * 5 + [1] * 4 + [2] * 3])
    settings = {"label_mode": "binary", "class_names": ["c", "a"], "shuffle": False}
    y = next(iter(read(folder, **settings)))[1]
    np.testing.assert_array_equal(y, [[0]] * 3 + [[1]] * 5)
    assert next(iter(read(folder, labels=None))).shape == (12, 5, 7, 3)
    y = next(iter(read(folder, labels=list(range(12)), shuffle=False)))[1]
    np.testing.assert_array_equal(y, range(12))


def test_a_model_is_trained_on_it(folder):
    model = keras.Sequential(
        [keras.layers.RandomFlip(), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss)
    data = read(folder, batch_size=5)
    history = model.fit(data.prefetch(1), validation_data=data, epochs=2, verbose=0)
    assert len(history.history["val_loss"]) == 2
    assert model.predict(data, verbose=0).shape == (12, 3)
    layer = keras.layers.Normalization()
    layer.adapt(data.map(lambda x, y: x))
    assert layer.mean.shape == (1, 1, 1, 3)


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"labels": "all"}, "labels to be 'inferred', None or a list"),
        ({"labels": [1, 2]}, "a label for each of 12 files, received 2"),
        ({"labels": None, "class_names": ["a"]}, "labels='inferred' only"),
        (
            {"label_mode": "one_hot"},
            "label_mode to be int, categorical, binary or None",
        ),
        ({"label_mode": "binary"}, "expected two classes"),
        ({"class_names": ["a", "z"]}, r"among the subfolders .* received \['z'\]"),
        ({"color_mode": "hsv"}, "color_mode to be one of rgb, rgba, grayscale"),
        ({"validation_split": 1.5, "subset": "both"}, "a number between 0 and 1"),
        ({"validation_split": 0.5}, "validation_split and subset, or neither"),
        ({"validation_split": 0.5, "subset": "training"}, "expected a seed beside"),
        ({"subset": "test", "validation_split": 0.1}, "training, validation or both"),
        ({"interpolation": "bicubic"}, "'bicubic' is outside"),
        ({"data_format": "channels_first"}, "data_format='channels_first' is outside"),
        ({"validation_split": 0.01, "subset": "both", "seed": 1}, "for validation"),
    ],
)
def test_what_can_not_be_read_is_said(folder, settings, rule):
    with pytest.raises((ValueError, NotImplementedError), match=rule):
        read(folder, **settings)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such folder"):
        read(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"expected images in .* found none"):
        read(tmp_path)
