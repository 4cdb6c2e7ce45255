from __future__ import annotations

import numpy as np
import pytest
import tiny_files
from tiny_files import TEST, TRAIN, tiny_cifar10, write_files

from scratchnet.datasets import cifar10, loading
from scratchnet.foundation.errors import DatasetError

CIFAR10, ARCHIVE, MEMBERS = tiny_cifar10()


@pytest.mark.parametrize(
    "path",
    [
        "own/cifar-10-python.tar.gz",
        "own/cifar10/cifar-10-python.tar.gz",
        "own/cifar-10-batches-py/cifar-10-python.tar.gz",
        "keras/datasets/cifar-10-batches-py-target_archive",
        "keras/datasets/cifar-10-batches-py.tar.gz",
        "cache/scratchnet/datasets/cifar-10-python.tar.gz",
    ],
)
def test_the_archive_gives_keras_arrays(path, empty_machine, monkeypatch):
    monkeypatch.setattr(cifar10, "DATASET", CIFAR10)
    (empty_machine / "own").mkdir()
    monkeypatch.setenv("SCRATCHNET_DATA", str(empty_machine / "own"))
    file = empty_machine / path
    write_files(file.parent, {file.name: ARCHIVE})
    # As Keras leaves them beside its archive.
    write_files(
        empty_machine / "keras/datasets/cifar-10-batches-py-target/cifar-10-batches-py",
        MEMBERS,
    )
    splits = cifar10.load_data()
    for (x, y), count, seed in zip(splits, (TRAIN, TEST), (0, 1), strict=True):
        expected = tiny_files.cifar10_arrays(count, seed)
        assert y.shape == (count, 1) and x.dtype == y.dtype == np.uint8
        np.testing.assert_array_equal(x, expected["x"])
        np.testing.assert_array_equal(y[:, 0], expected["labels"])
    assert loading.provenance_of(CIFAR10)["level"] == "archive"


@pytest.mark.parametrize("folder", cifar10.UNPACKED)
def test_unpacked_files_are_refused_in_favour_of_the_archive(
    folder, empty_machine, monkeypatch
):
    monkeypatch.setenv("SCRATCHNET_DATA", str(empty_machine))
    write_files(empty_machine / folder, MEMBERS)
    with pytest.raises(DatasetError, match=r"put cifar-10-python\.tar\.gz there"):
        loading.load(CIFAR10)
    # What the message says helps.
    write_files(empty_machine / folder, {"cifar-10-python.tar.gz": ARCHIVE})
    loading.load(CIFAR10)


def test_the_batches_are_joined_in_the_order_of_their_numbers():
    (x_train, _), _ = cifar10.decode(dict(reversed(MEMBERS.items())))
    np.testing.assert_array_equal(x_train, tiny_files.cifar10_arrays(TRAIN)["x"])


def test_a_label_above_nine_is_refused():
    arrays = tiny_files.cifar10_arrays(TEST, 1)
    arrays["labels"][0] = 10
    content = tiny_files.python2_batch(arrays)
    with pytest.raises(
        DatasetError, match="test_batch: expected 'labels' as 5 integers of 0 to 9"
    ):
        cifar10.decode({**MEMBERS, "test_batch": content})
