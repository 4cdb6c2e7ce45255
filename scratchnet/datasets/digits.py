"""Digits: 1,797 real scans of handwritten digits that come with scikit-learn.

No file and no network is needed. The 8x8 scans are enlarged to 28x28 so that a model
for Fashion-MNIST or MNIST fits, in these steps:

1. **Enlarge** bilinearly with pixel centres aligned: output pixel i lies at
   (i + 1/2)·8/28 - 1/2 = (4i - 5)/14 of the input, held within 0 … 7 at the borders.
   All weights are multiples of 1/14, so the arithmetic is done in integers and has the
   same result on every machine.
2. **Scale** from 0 … 16 to 0 … 255 and round half up, in the same integer division.
3. **Split** by class and without a random number: of the images of a class, in
   scikit-learn's order, every fifth is a test image, the others are training images;
   about 80/20, the same share of every class, the same on every version of NumPy.

Reference: E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI
Machine Learning Repository, 1998 (the test part).
https://scikit-learn.org/stable/datasets/toy_dataset.html
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from scratchnet.datasets.dataset import Dataset, Splits
from scratchnet.datasets.loading import remember
from scratchnet.foundation.errors import DatasetError

class_names = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

# SHA-256 of scikit-learn's images, then its labels, as unsigned bytes.
CONTENT_SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"

TEST_EVERY = 5


DATASET = Dataset(
    name="digits",
    title="Digits",
    class_names=class_names,
    image_shape=(28, 28, 1),
    train_count=1442,
    test_count=355,
    dark_background=True,
)


def load_data() -> Splits:
    """Load scikit-learn's digits, enlarged and split as the module's head says.

    Shapes:
        x_train: (1442, 28, 28) uint8, 0 to 255; y_train: (1442,) uint8, 0 to 9.
        x_test: (355, 28, 28) uint8; y_test: (355,) uint8.

    Returns:
        `((x_train, y_train), (x_test, y_test))`, new arrays on every call.

    Raises:
        DatasetError: scikit-learn's scans are not those that are pinned here.
    """
    scans, labels = _load_scans()
    images, test = enlarge(scans), is_test_image(labels)
    return (images[~test], labels[~test]), (images[test], labels[test])


def enlarge(images: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.uint8]:
    """Enlarge 8x8 scans of 0 … 16 to 28x28 pictures of 0 … 255.

    y = W x Wᵀ · 255 / (16·14²), rounded half up, with the integer weights W of
    `bilinear_weights`.

    Shapes:
        images: (N, 8, 8) integers, 0 to 16.
        returns: (N, 28, 28) uint8.

    >>> enlarge(np.full((1, 8, 8), 16))[0, 0, 0]
    np.uint8(255)
    """
    weights = bilinear_weights()
    sums = np.einsum("ih,nhw,jw->nij", weights, images.astype(np.int64), weights)
    divisor = 16 * 14 * 14
    return ((sums * 255 + divisor // 2) // divisor).astype(np.uint8)


def bilinear_weights() -> npt.NDArray[np.int64]:
    """Return the weights, in fourteenths, of 8 input pixels in 28 output pixels.

    Shapes:
        returns: (28, 8) int64; every row sums to 14.
    """
    weights = np.zeros((28, 8), np.int64)
    for output in range(28):
        fourteenths = min(max(4 * output - 5, 0), 7 * 14)
        left, share = divmod(fourteenths, 14)
        weights[output, left] = 14 - share
        if share:
            weights[output, left + 1] = share
    return weights


def is_test_image(labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Mark every fifth image of each class.

    Shapes:
        labels: (N,); returns: (N,) bool.
    """
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        chosen[np.flatnonzero(labels == label)[TEST_EVERY - 1 :: TEST_EVERY]] = True
    return chosen


def _load_scans() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return scikit-learn's scans (1797, 8, 8) and labels (1797,)."""
    import sklearn
    from sklearn.datasets import load_digits

    bunch = load_digits()
    scans, labels = bunch.images.astype(np.uint8), bunch.target.astype(np.uint8)
    sha256 = hashlib.sha256(scans.tobytes() + labels.tobytes()).hexdigest()
    if sha256 != CONTENT_SHA256:
        raise DatasetError(
            f"Digits: expected scans of SHA-256 {CONTENT_SHA256} from scikit-learn "
            f"{sklearn.__version__}, received {scans.shape} of {sha256}; "
            "install it again"
        )
    folder = Path(sklearn.__file__).parent / "datasets" / "data"
    record = {
        "name": f"load_digits of scikit-learn {sklearn.__version__}",
        "path": str(folder / "digits.csv.gz"),
        "bytes": scans.nbytes + labels.nbytes,
        "sha256": sha256,
        "level": "content",
        "contents": {"images and labels": sha256},
    }
    remember(
        {
            "dataset": "digits",
            "source": "scikit-learn",
            "folder": str(folder),
            "level": "content",
            "files": [record],
        }
    )
    return scans, labels
