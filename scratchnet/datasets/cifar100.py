"""CIFAR-100: 60,000 colour 32x32 pictures in 100 classes and 20 superclasses.

Reference: A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009.
https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

from scratchnet.datasets import cifar
from scratchnet.datasets.dataset import (
    MIB,
    Content,
    Contents,
    Dataset,
    PublishedFile,
    Splits,
)
from scratchnet.datasets.loading import load

# The superclasses in the order of their labels, each with its five classes.
SUPERCLASSES = {
    "aquatic_mammals": "beaver dolphin otter seal whale",
    "fish": "aquarium_fish flatfish ray shark trout",
    "flowers": "orchid poppy rose sunflower tulip",
    "food_containers": "bottle bowl can cup plate",
    "fruit_and_vegetables": "apple mushroom orange pear sweet_pepper",
    "household_electrical_devices": "clock keyboard lamp telephone television",
    "household_furniture": "bed chair couch table wardrobe",
    "insects": "bee beetle butterfly caterpillar cockroach",
    "large_carnivores": "bear leopard lion tiger wolf",
    "large_man-made_outdoor_things": "bridge castle house road skyscraper",
    "large_natural_outdoor_scenes": "cloud forest mountain plain sea",
    "large_omnivores_and_herbivores": "camel cattle chimpanzee elephant kangaroo",
    "medium_mammals": "fox porcupine possum raccoon skunk",
    "non-insect_invertebrates": "crab lobster snail spider worm",
    "people": "baby boy girl man woman",
    "reptiles": "crocodile dinosaur lizard snake turtle",
    "small_mammals": "hamster mouse rabbit shrew squirrel",
    "trees": "maple_tree oak_tree palm_tree pine_tree willow_tree",
    "vehicles_1": "bicycle bus motorcycle pickup_truck train",
    "vehicles_2": "lawn_mower rocket streetcar tank tractor",
}

superclass_names = tuple(SUPERCLASSES)

_SUPERCLASS = {
    name: label
    for label, members in enumerate(SUPERCLASSES.values())
    for name in members.split()
}

class_names = tuple(sorted(_SUPERCLASS))
"""Names of the classes; their labels number them in alphabetical order."""

superclass_of_class = tuple(_SUPERCLASS[name] for name in class_names)
"""Superclass label of each class label: the mapping from fine to coarse."""

ARCHIVE = PublishedFile(
    name="cifar-100-python.tar.gz",
    size=169_001_437,
    sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    packing="tar",
    contents=(
        Content(
            "train",
            "735e79b04f092ca3d2e6d07f368c0a7d70d48c48d28865950cc24454cf45129b",
            limit=200 * MIB,
        ),
        Content(
            "test",
            "4b67687d9933c4db8f0831104447f15b93774f4f464bd0516f0f0f2ac83b7864",
            limit=40 * MIB,
        ),
    ),
    folders=(".", "cifar100", "cifar-100"),
    unpacked_folders=(
        "cifar-100-python",
        "cifar100/cifar-100-python",
        "cifar100",
        "cifar-100-python-target/cifar-100-python",
    ),
    urls=("https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",),
    other_names=("cifar-100-python-target_archive",),
)


def decode(files: Contents, label_mode: str = "fine") -> Splits:
    """Turn the unpacked files into training and test images.

    Each file's bytes are let go as soon as its images are decoded.
    """
    names = {"fine": class_names, "coarse": superclass_names}[label_mode]
    key, num_classes = f"{label_mode}_labels", len(names)
    return (
        cifar.read_batch(files.pop("train"), key, num_classes, "train"),
        cifar.read_batch(files.pop("test"), key, num_classes, "test"),
    )


DATASET = Dataset(
    name="cifar100",
    title="CIFAR-100",
    class_names=class_names,
    image_shape=(32, 32, 3),
    train_count=50_000,
    test_count=10_000,
    editions=((ARCHIVE,),),
    decode=decode,
)


def load_data(label_mode: str = "fine") -> Splits:
    """Load CIFAR-100.

    Shapes:
        x_train: (50000, 32, 32, 3) uint8, 0 to 255; y_train: (50000, 1) int64.
        x_test: (10000, 32, 32, 3) uint8; y_test: (10000, 1) int64.
        (Keras documents uint8 labels and returns int64; so does this.)

    Args:
        label_mode: "fine" for labels of the 100 classes, "coarse" for those of the 20
            superclasses.

    Returns:
        `((x_train, y_train), (x_test, y_test))`, new arrays on every call.

    Raises:
        ValueError: another `label_mode`.
        DatasetError: the files are nowhere and can't be downloaded, or are damaged.

    Reference:
        keras/src/datasets/cifar100.py
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(
            "cifar100.load_data: expected label_mode 'fine' or 'coarse', "
            f"received {label_mode!r}"
        )
    return load(DATASET, label_mode=label_mode)
