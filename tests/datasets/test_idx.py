from __future__ import annotations

import numpy as np
import pytest
from tiny_files import idx_arrays, idx_bytes, idx_contents, mutant

from scratchnet.datasets.idx import SIZES, read_idx, read_splits
from scratchnet.foundation.errors import DatasetError

IMAGES = np.random.default_rng(3).integers(0, 256, (4, 28, 28), np.uint8)


def test_reads_what_the_format_says():
    content = b"\0\0\x08\x02\0\0\0\x02\0\0\0\x03" + bytes([1, 2, 3, 4, 5, 6])
    array = read_idx(content, 2, "file")
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, [[1, 2, 3], [4, 5, 6]])


def test_array_is_writable_and_contiguous():
    array = read_idx(idx_bytes(IMAGES), 3, "file")
    assert array.flags.writeable and array.flags.c_contiguous
    array[0] = 0


def test_sizes_count_header_and_elements():
    for name, count in (("train", 60_000), ("t10k", 10_000)):
        images = np.zeros((count, 28, 28), np.uint8)
        assert SIZES[f"{name}-images-idx3-ubyte"] == len(idx_bytes(images))
        assert SIZES[f"{name}-labels-idx1-ubyte"] == len(idx_bytes(images[:, 0, 0]))


@pytest.mark.parametrize(
    ("content", "received"),
    [
        (b"", "0 bytes"),
        (idx_bytes(IMAGES)[:15], "15 bytes"),
        (b"\0\0\x09\x03" + idx_bytes(IMAGES)[4:], "3152 bytes, 00 00 09 03"),
        (b"\x1f\x8b\x08\x03" + idx_bytes(IMAGES)[4:], "3152 bytes, 1f 8b 08 03"),
        (idx_bytes(IMAGES[:, :, 0]), "124 bytes, 00 00 08 02"),
        (b"\0\0\x08\x03" + b"\xff" * 12 + b"x", "17 bytes"),
        (idx_bytes(IMAGES)[:-1], "3151 bytes"),
        (idx_bytes(IMAGES) + b"x", "3153 bytes"),
    ],
)
def test_faults_name_file_rule_and_what_came(content, received):
    rule = "train-images: expected IDX: 00 00 08 03, 3 sizes"
    with pytest.raises(DatasetError, match=f"^{rule}.*; received {received}"):
        read_idx(content, 3, "train-images")


def test_label_out_of_range():
    arrays = idx_arrays()
    arrays["y_test"][2] = 10
    with pytest.raises(DatasetError, match=r"t10k-labels.*labels 0 to 9, received 10"):
        read_splits(idx_contents(arrays))


def test_mutants_decode_to_their_own_bytes_or_raise():
    rng = np.random.default_rng(0)
    original = idx_bytes(IMAGES)
    decoded = refused = 0
    for _ in range(500):
        content = mutant(original, rng)
        try:
            array = read_idx(content, 3, "file")
        except DatasetError:
            refused += 1
        else:
            decoded += 1
            assert content == idx_bytes(array)
    assert decoded > 50 and refused > 50
