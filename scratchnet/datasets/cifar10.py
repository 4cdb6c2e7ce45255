"""CIFAR-10: 60,000 colour 32x32 pictures in 10 classes.

Reference: A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009.
https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

import numpy as np

from scratchnet.datasets import cifar
from scratchnet.datasets.dataset import (
    MIB,
    Content,
    Contents,
    Dataset,
    Pair,
    PublishedFile,
    Splits,
)
from scratchnet.datasets.loading import load

class_names = tuple(
    "airplane automobile bird cat deer dog frog horse ship truck".split()
)

TRAINING = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST = "test_batch"

UNPACKED = (
    "cifar-10-batches-py",
    "cifar10/cifar-10-batches-py",
    "cifar10",
    "cifar-10-batches-py-target/cifar-10-batches-py",
)

# Only the archive's checksum is known, so it is the archive that is read.
ARCHIVE = PublishedFile(
    name="cifar-10-python.tar.gz",
    size=170_498_071,
    sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    packing="tar",
    contents=tuple(Content(name, None, limit=40 * MIB) for name in (*TRAINING, TEST)),
    folders=(".", "cifar10", "cifar-10", *UNPACKED),
    unpacked_folders=UNPACKED,
    urls=("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
    # Those of Keras 3 and of Keras 2.
    other_names=("cifar-10-batches-py-target_archive", "cifar-10-batches-py.tar.gz"),
)


def decode(files: Contents) -> Splits:
    """Turn the unpacked files into training and test images.

    Each file's bytes are let go as soon as its images are decoded.
    """
    batches = [_read(files, name) for name in TRAINING]
    images, labels = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
    return (images, labels), _read(files, TEST)


def _read(files: Contents, name: str) -> Pair:
    images, labels = cifar.read_batch(files.pop(name), "labels", len(class_names), name)
    return images, labels.astype(np.uint8)


DATASET = Dataset(
    name="cifar10",
    title="CIFAR-10",
    class_names=class_names,
    image_shape=(32, 32, 3),
    train_count=50_000,
    test_count=10_000,
    editions=((ARCHIVE,),),
    decode=decode,
)


def load_data() -> Splits:
    """Load CIFAR-10.

    Shapes:
        x_train: (50000, 32, 32, 3) uint8, 0 to 255; y_train: (50000, 1) uint8, 0 to 9.
        x_test: (10000, 32, 32, 3) uint8; y_test: (10000, 1) uint8.

    Returns:
        `((x_train, y_train), (x_test, y_test))`, new arrays on every call.

    Raises:
        DatasetError: the archive is nowhere and can't be downloaded, or is damaged.

    Reference:
        keras/src/datasets/cifar10.py
    """
    return load(DATASET)
