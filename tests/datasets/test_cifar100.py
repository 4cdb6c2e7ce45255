from __future__ import annotations

import pickle

import numpy as np
import pytest
import tiny_files
from tiny_files import TEST, TRAIN, cifar_arrays, cifar_contents, tiny_cifar

from scratchnet.datasets import cifar100, loading
from scratchnet.datasets.cifar100 import decode
from scratchnet.foundation.errors import DatasetError

ARRAYS = cifar_arrays(TRAIN)


def test_hundred_classes_five_in_each_superclass():
    assert len(set(cifar100.class_names)) == 100
    assert list(cifar100.class_names) == sorted(cifar100.class_names)
    assert len(set(cifar100.superclass_names)) == 20
    assert np.bincount(cifar100.superclass_of_class).tolist() == [5] * 20
    assert list(cifar100.superclass_names) == sorted(cifar100.superclass_names)


@pytest.mark.parametrize(
    ("name", "superclass"),
    [
        ("apple", "fruit_and_vegetables"),
        ("worm", "non-insect_invertebrates"),
        ("train", "vehicles_1"),
        ("tank", "vehicles_2"),
        ("whale", "aquatic_mammals"),
    ],
)
def test_superclass_of_a_class(name, superclass):
    label = cifar100.class_names.index(name)
    assert cifar100.superclass_names[cifar100.superclass_of_class[label]] == superclass


def test_planes_become_pixels():
    rows = np.zeros((TRAIN, 3072), np.uint8)
    # Image 1, red at row 2, column 3; green at row 4, column 5; blue in the last pixel.
    rows[1, 2 * 32 + 3] = 10
    rows[1, 1024 + 4 * 32 + 5] = 20
    rows[1, 3071] = 30
    content = pickle.dumps(
        {
            b"data": rows,
            b"fine_labels": [0] * TRAIN,
            b"coarse_labels": [4] * TRAIN,
        },
        4,
    )
    (images, _), _ = decode({**cifar_contents(), "train": content})
    assert images.shape == (TRAIN, 32, 32, 3) and images.flags.c_contiguous
    assert images[1, 2, 3].tolist() == [10, 0, 0]
    assert images[1, 4, 5].tolist() == [0, 20, 0]
    assert images[1, 31, 31].tolist() == [0, 0, 30]
    assert images.sum() == 60


def batch(**changes) -> bytes:
    values = {
        "data": tiny_files.rows(ARRAYS["x"]),
        "fine_labels": ARRAYS["fine"].tolist(),
        "coarse_labels": ARRAYS["coarse"].tolist(),
        **changes,
    }
    return pickle.dumps({k: v for k, v in values.items() if v is not None}, 4)


def test_text_keys_and_fortran_order_are_accepted():
    ordered = np.asfortranarray(tiny_files.rows(ARRAYS["x"]))
    (x, _), _ = decode({**cifar_contents(), "train": batch(data=ordered)})
    np.testing.assert_array_equal(x, ARRAYS["x"])


LABELS = ARRAYS["fine"].tolist()
ROWS = tiny_files.rows(ARRAYS["x"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (batch(data=None), "expected 'data' as ByteArray, received nothing"),
        (batch(data=b"x"), "expected 'data' as ByteArray, received bytes"),
        (batch(data=ROWS.reshape(-1)), r"shape \(N, 3072\), received \(36864,\)"),
        (batch(data=ROWS[:-1]), "as 11 integers of 0 to 99, received 12"),
        (batch(fine_labels=None), "expected 'fine_labels' as list, received nothing"),
        (batch(fine_labels=tuple(LABELS)), "as list, received tuple"),
        (batch(fine_labels=LABELS[:-1]), "as 12 integers of 0 to 99, received 11"),
        (batch(fine_labels=[*LABELS[:-1], 100]), "integers of 0 to 99"),
        (batch(fine_labels=[*LABELS[:-1], -1]), "integers of 0 to 99"),
        (batch(fine_labels=[*LABELS[:-1], 2**80]), "integers of 0 to 99"),
        (batch(fine_labels=[*LABELS[:-1], True]), "integers of 0 to 99"),
        (batch(fine_labels=[*LABELS[:-1], "1"]), "integers of 0 to 99"),
    ],
)
def test_wrong_content_is_named(content, message):
    with pytest.raises(DatasetError, match=f"^train: .*{message}"):
        decode({**cifar_contents(), "train": content})


def test_coarse_labels_have_a_range_of_their_own():
    content = batch(coarse_labels=[*LABELS[:-1], 20])
    with pytest.raises(DatasetError, match="'coarse_labels' as 12 integers of 0 to 19"):
        decode({**cifar_contents(), "train": content}, "coarse")


def test_array_with_fewer_bytes_than_its_shape():
    content = tiny_files.python2_batch(ARRAYS)
    shape = b"J" + (TRAIN).to_bytes(4, "little") + b"J"
    larger = content.replace(shape, b"J" + (TRAIN + 1).to_bytes(4, "little") + b"J")
    assert larger != content
    with pytest.raises(DatasetError, match="cannot reshape array"):
        decode({**cifar_contents(), "train": larger})


def test_label_mode_chooses_the_labels(tmp_path, monkeypatch):
    tiny_files.write_files(tmp_path / "cifar100", cifar_contents())
    monkeypatch.setenv("SCRATCHNET_DATA", str(tmp_path))
    monkeypatch.setattr(cifar100, "DATASET", tiny_cifar()[0])
    monkeypatch.setattr(loading, "_latest", {})
    for mode in ("fine", "coarse"):
        (_, y_train), (_, y_test) = cifar100.load_data(label_mode=mode)
        assert y_train.shape == (TRAIN, 1) and y_test.shape == (TEST, 1)
        assert y_train.dtype == y_test.dtype == np.int64
        np.testing.assert_array_equal(y_train[:, 0], ARRAYS[mode])


@pytest.mark.parametrize("mode", ["Fine", "medium", None, 1])
def test_other_label_modes_are_refused(mode):
    with pytest.raises(ValueError, match="'fine' or 'coarse', received"):
        cifar100.load_data(mode)
