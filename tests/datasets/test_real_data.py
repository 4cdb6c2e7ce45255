"""Checks on the real files, where this machine has them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from scratchnet.datasets import cifar10, cifar100, fashion_mnist, provenance
from scratchnet.datasets.places import is_here

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def real_data(monkeypatch):
    if "SCRATCHNET_DATA" not in os.environ and SHARED_DATA.is_dir():
        monkeypatch.setenv("SCRATCHNET_DATA", str(SHARED_DATA))


def test_fashion_mnist(real_data):
    if not is_here(fashion_mnist.DATASET):
        pytest.skip("no Fashion-MNIST here; apt-get install dataset-fashion-mnist")
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    assert x_train.shape == (60000, 28, 28) and y_train.shape == (60000,)
    assert x_test.shape == (10000, 28, 28) and y_test.shape == (10000,)
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert np.bincount(y_train).tolist() == [6000] * 10
    assert np.bincount(y_test).tolist() == [1000] * 10
    assert fashion_mnist.class_names[y_train[0]] == "Ankle boot"
    level = provenance("fashion_mnist")["level"]
    if level != "structure":
        assert x_train.mean() / 255 == pytest.approx(0.2860, abs=5e-5)


def test_cifar10(real_data):
    if not is_here(cifar10.DATASET):
        pytest.skip("no CIFAR-10 here; scratchnet datasets download cifar10")
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert x_train.shape == (50000, 32, 32, 3) and y_train.shape == (50000, 1)
    assert x_test.shape == (10000, 32, 32, 3) and y_test.shape == (10000, 1)
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert np.bincount(y_train[:, 0]).tolist() == [5000] * 10
    assert np.bincount(y_test[:, 0]).tolist() == [1000] * 10
    # The published channel means, which a wrong order of planes would permute.
    means = x_train.mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(means, [0.4914, 0.4822, 0.4465], atol=1e-4)


def test_cifar100(real_data):
    if not is_here(cifar100.DATASET):
        pytest.skip("no CIFAR-100 here; set SCRATCHNET_DATA to a folder that has it")
    (x_train, fine), (x_test, fine_test) = cifar100.load_data()
    assert x_train.shape == (50000, 32, 32, 3) and x_train.dtype == np.uint8
    assert x_test.shape == (10000, 32, 32, 3) and fine_test.shape == (10000, 1)
    assert fine.shape == (50000, 1) and fine.dtype == np.int64
    assert np.bincount(fine[:, 0]).tolist() == [500] * 100
    assert np.bincount(fine_test[:, 0]).tolist() == [100] * 100
    # The published channel means, which a wrong order of planes would permute.
    means = x_train.mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(means, [0.5071, 0.4865, 0.4409], atol=1e-4)
    mapping = np.array(cifar100.superclass_of_class)
    (_, coarse), (_, coarse_test) = cifar100.load_data("coarse")
    np.testing.assert_array_equal(coarse, mapping[fine])
    np.testing.assert_array_equal(coarse_test, mapping[fine_test])
