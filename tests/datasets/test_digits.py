from __future__ import annotations

import hashlib

import numpy as np
import pytest
import scipy.ndimage
from sklearn.datasets import load_digits

from scratchnet.datasets import digits, provenance


@pytest.fixture(scope="module")
def splits():
    return digits.load_data()


def test_shapes_and_dtypes(splits):
    (x_train, y_train), (x_test, y_test) = splits
    assert x_train.shape == (1442, 28, 28) and y_train.shape == (1442,)
    assert x_test.shape == (355, 28, 28) and y_test.shape == (355,)
    assert {array.dtype for pair in splits for array in pair} == {np.dtype(np.uint8)}
    assert x_train.min() == 0 and x_train.max() == 255


def test_every_scan_is_used_once(splits):
    (x_train, _), (x_test, _) = splits
    everything = digits.enlarge(load_digits().images.astype(np.uint8))
    expected = sorted(image.tobytes() for image in everything)
    assert sorted(i.tobytes() for x in (x_train, x_test) for i in x) == expected


def test_split_takes_the_same_share_of_every_class(splits):
    (_, y_train), (_, y_test) = splits
    share = np.bincount(y_test) / (np.bincount(y_train) + np.bincount(y_test))
    # A class has at least 174 images, so leaving out a fraction of 5 shifts at most 4.
    assert np.all((share <= 0.2) & (share > 0.2 - 4 / 5 / 174 * 1.01))


def test_pixels_are_the_same_on_every_machine(splits):
    (x_train, y_train), (x_test, y_test) = splits
    digest = hashlib.sha256()
    for array in (x_train, y_train, x_test, y_test):
        digest.update(array.tobytes())
    assert digest.hexdigest() == (
        "270629c761cdfa7e8a0321fd5bd4b859cfb061228d28b39869042f8b07f28250"
    )


def test_enlarging_is_bilinear_interpolation():
    scans = load_digits().images[:50]
    centres = np.clip((np.arange(28) + 0.5) * 8 / 28 - 0.5, 0, 7)
    rows, columns = np.meshgrid(centres, centres, indexing="ij")
    enlarged = digits.enlarge(scans.astype(np.uint8))
    for scan, image in zip(scans, enlarged, strict=True):
        expected = scipy.ndimage.map_coordinates(scan, [rows, columns], order=1)
        # Rounding to whole numbers is all that separates the two.
        assert np.abs(image - expected * 255 / 16).max() <= 0.5 + 1e-9


def test_weights_sum_to_one():
    assert digits.bilinear_weights().sum(axis=1).tolist() == [14] * 28


def test_every_fifth_image_of_a_class_is_a_test_image():
    labels = np.array([0, 1] * 12)
    assert np.flatnonzero(digits.is_test_image(labels)).tolist() == [8, 9, 18, 19]


def test_provenance_says_scikit_learn():
    record = provenance("digits")
    assert record["source"] == "scikit-learn"
    assert record["level"] == "content"


def test_every_call_returns_new_arrays(splits):
    (x_train, _), _ = digits.load_data()
    assert not np.shares_memory(x_train, splits[0][0])
