"""MNIST: 70,000 grey 28x28 pictures of handwritten digits.

Two editions are read: the four original IDX files, and Keras's `mnist.npz`.

Reference: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied
to document recognition*, Proceedings of the IEEE 86(11), 1998.
http://yann.lecun.com/exdb/mnist/
"""

from __future__ import annotations

import io

import numpy as np

from scratchnet.datasets import idx
from scratchnet.datasets.dataset import (
    Content,
    Contents,
    Dataset,
    PublishedFile,
    Splits,
)
from scratchnet.datasets.loading import load
from scratchnet.foundation.outside import refuse

class_names = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)

# Size and SHA-256 of the gz files, SHA-256 of what is inside, in the order of `idx`.
PACKED = (
    (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
)
UNPACKED = (
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
)

FOLDERS = ("mnist", "MNIST/raw")

KERAS_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
KERAS_FILE = PublishedFile(
    name="mnist.npz",
    size=11_490_434,
    sha256=KERAS_SHA256,
    packing="none",
    contents=(Content("mnist.npz", KERAS_SHA256, limit=11_490_434),),
    folders=(".", "mnist"),
)


def decode(files: Contents) -> Splits:
    """Turn the files of either edition into training and test images."""
    if "mnist.npz" not in files:
        return idx.read_splits(files)
    with np.load(io.BytesIO(files["mnist.npz"]), allow_pickle=False) as arrays:
        return (
            (arrays["x_train"], arrays["y_train"]),
            (arrays["x_test"], arrays["y_test"]),
        )


DATASET = Dataset(
    name="mnist",
    title="MNIST",
    class_names=class_names,
    image_shape=(28, 28, 1),
    train_count=60_000,
    test_count=10_000,
    dark_background=True,
    editions=(idx.published_files(PACKED, UNPACKED, MIRRORS, FOLDERS), (KERAS_FILE,)),
    decode=decode,
    advice="Keras's mnist.npz is accepted too",
)


def load_data(path: str = "mnist.npz") -> Splits:
    """Load MNIST.

    Shapes:
        x_train: (60000, 28, 28) uint8, 0 to 255; y_train: (60000,) uint8, 0 to 9.
        x_test: (10000, 28, 28) uint8; y_test: (10000,) uint8.

    Args:
        path: accepted at Keras's default only; the folders searched are those of
            `scratchnet.datasets`.

    Returns:
        `((x_train, y_train), (x_test, y_test))`, new arrays on every call.

    Raises:
        NotImplementedError: another `path`.
        DatasetError: the files are nowhere and can't be downloaded, or are damaged.

    Reference:
        keras/src/datasets/mnist.py
    """
    refuse("mnist.load_data", "path", path, "mnist.npz")
    return load(DATASET)
