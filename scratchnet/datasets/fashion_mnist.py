"""Fashion-MNIST: 70,000 grey 28x28 pictures of clothes in ten classes.

Reference: H. Xiao, K. Rasul, R. Vollgraf, *Fashion-MNIST: a Novel Image Dataset for
Benchmarking Machine Learning Algorithms*, 2017, arXiv:1708.07747.
https://github.com/zalandoresearch/fashion-mnist
"""

from __future__ import annotations

from scratchnet.datasets import idx
from scratchnet.datasets.dataset import Dataset, Splits
from scratchnet.datasets.loading import load

class_names = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

# The second mirror has no https; the pinned SHA-256 makes the way there irrelevant.
MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)

# Size and SHA-256 of the gz files, SHA-256 of what is inside, in the order of `idx`.
PACKED = (
    (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
)
UNPACKED = (
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
)

FOLDERS = ("fashion-mnist", "fashion_mnist", "FashionMNIST/raw")

DATASET = Dataset(
    name="fashion_mnist",
    title="Fashion-MNIST",
    class_names=class_names,
    image_shape=(28, 28, 1),
    train_count=60_000,
    test_count=10_000,
    dark_background=True,
    editions=(idx.published_files(PACKED, UNPACKED, MIRRORS, FOLDERS),),
    decode=idx.read_splits,
    advice="on Debian or Ubuntu: apt-get install dataset-fashion-mnist",
)


def load_data() -> Splits:
    """Load Fashion-MNIST.

    Shapes:
        x_train: (60000, 28, 28) uint8, 0 to 255; y_train: (60000,) uint8, 0 to 9.
        x_test: (10000, 28, 28) uint8; y_test: (10000,) uint8.

    Returns:
        `((x_train, y_train), (x_test, y_test))`, new arrays on every call.

    Raises:
        DatasetError: the files are nowhere and can't be downloaded, or are damaged.

    Reference:
        keras/src/datasets/fashion_mnist.py
    """
    return load(DATASET)
