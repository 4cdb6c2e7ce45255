from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tiny_files import TEST, TRAIN, idx_arrays, idx_bytes, idx_contents, mutant

from scratchnet.datasets import fashion_mnist
from scratchnet.datasets.idx import decode_idx, idx_size, read_idx
from scratchnet.foundation.errors import DatasetError

IMAGES = np.random.default_rng(3).integers(0, 256, (4, 28, 28), np.uint8)


def test_reads_what_the_format_says():
    content = b"\0\0\x08\x02\0\0\0\x02\0\0\0\x03" + bytes([1, 2, 3, 4, 5, 6])
    array = read_idx(content, (2, 3), "file")
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, [[1, 2, 3], [4, 5, 6]])


def test_array_is_writable_and_contiguous():
    array = read_idx(idx_bytes(IMAGES), IMAGES.shape, "file")
    assert array.flags.writeable and array.flags.c_contiguous
    array[0] = 0


def test_size_counts_header_and_elements():
    assert idx_size(IMAGES.shape) == len(idx_bytes(IMAGES))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "IDX header of 16 bytes, received a file of 0"),
        (idx_bytes(IMAGES)[:15], "IDX header"),
        (b"\0\0\x09\x03" + idx_bytes(IMAGES)[4:], "magic number 0x00000803"),
        (b"\x1f\x8b\x08\x03" + idx_bytes(IMAGES)[4:], "received 0x1f8b0803"),
        (idx_bytes(IMAGES[:, :, 0]), "received 0x00000802"),
        (idx_bytes(IMAGES[:3]), r"expected shape \(4, 28, 28\), received \(3, 28"),
        (idx_bytes(IMAGES[:, :27]), r"received \(4, 27, 28\)"),
        (b"\0\0\x08\x03" + b"\xff" * 12 + b"x", "expected shape"),
        (idx_bytes(IMAGES)[:-1], "expected 3152 bytes, received 3151"),
        (idx_bytes(IMAGES) + b"x", "expected 3152 bytes, received 3153"),
    ],
)
def test_faults_name_file_rule_and_what_came(content, message):
    with pytest.raises(DatasetError, match=message) as caught:
        read_idx(content, (4, 28, 28), "Fashion-MNIST 'train-images'")
    assert str(caught.value).startswith("Fashion-MNIST 'train-images':")


def test_label_out_of_range():
    arrays = idx_arrays()
    arrays["y_test"][2] = 10
    with pytest.raises(
        DatasetError, match=r"t10k-labels.*labels 0 to 9, received .*10"
    ):
        decode_idx(idx_contents(arrays), tiny())


def tiny():
    return dataclasses.replace(
        fashion_mnist.DATASET, train_count=TRAIN, test_count=TEST
    )


def test_mutants_decode_to_their_own_bytes_or_raise():
    rng = np.random.default_rng(0)
    original = idx_bytes(IMAGES)
    decoded = refused = 0
    for _ in range(500):
        content = mutant(original, rng)
        try:
            array = read_idx(content, IMAGES.shape, "file")
        except DatasetError:
            refused += 1
        else:
            decoded += 1
            assert content[:16] == original[:16]
            assert array.tobytes() == content[16:]
    assert decoded > 50 and refused > 50
