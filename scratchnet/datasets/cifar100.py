"""CIFAR-100: 60,000 colour 32x32 pictures in 100 classes and 20 superclasses.

Reference: A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scratchnet.datasets import inert_pickle
from scratchnet.datasets.description import (
    MIB,
    Arrays,
    Content,
    Contents,
    Dataset,
    Edition,
    PublishedFile,
    Splits,
    as_splits,
)
from scratchnet.foundation.errors import DatasetError

class_names = tuple(
    """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle
    bowl boy bridge bus butterfly camel can castle caterpillar cattle
    chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
    dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard
    lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
    mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
    plain plate poppy porcupine possum rabbit raccoon ray road rocket
    rose sea seal shark shrew skunk skyscraper snail snake spider
    squirrel streetcar sunflower sweet_pepper table tank telephone television tiger
    tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
    """.split()
)

superclass_names = (
    "aquatic_mammals",
    "fish",
    "flowers",
    "food_containers",
    "fruit_and_vegetables",
    "household_electrical_devices",
    "household_furniture",
    "insects",
    "large_carnivores",
    "large_man-made_outdoor_things",
    "large_natural_outdoor_scenes",
    "large_omnivores_and_herbivores",
    "medium_mammals",
    "non-insect_invertebrates",
    "people",
    "reptiles",
    "small_mammals",
    "trees",
    "vehicles_1",
    "vehicles_2",
)

# The members of each superclass, in the order of superclass_names.
_MEMBERS = (
    "beaver dolphin otter seal whale",
    "aquarium_fish flatfish ray shark trout",
    "orchid poppy rose sunflower tulip",
    "bottle bowl can cup plate",
    "apple mushroom orange pear sweet_pepper",
    "clock keyboard lamp telephone television",
    "bed chair couch table wardrobe",
    "bee beetle butterfly caterpillar cockroach",
    "bear leopard lion tiger wolf",
    "bridge castle house road skyscraper",
    "cloud forest mountain plain sea",
    "camel cattle chimpanzee elephant kangaroo",
    "fox porcupine possum raccoon skunk",
    "crab lobster snail spider worm",
    "baby boy girl man woman",
    "crocodile dinosaur lizard snake turtle",
    "hamster mouse rabbit shrew squirrel",
    "maple_tree oak_tree palm_tree pine_tree willow_tree",
    "bicycle bus motorcycle pickup_truck train",
    "lawn_mower rocket streetcar tank tractor",
)

_SUPERCLASS_OF_NAME = {
    name: superclass
    for superclass, members in enumerate(_MEMBERS)
    for name in members.split()
}

superclass_of_class = tuple(_SUPERCLASS_OF_NAME[name] for name in class_names)
"""Superclass label of each class label: the mapping from fine to coarse."""

ARCHIVE = PublishedFile(
    name="cifar-100-python.tar.gz",
    size=169_001_437,
    sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    packing="tar",
    contents=(
        Content(
            "train",
            200 * MIB,
            "735e79b04f092ca3d2e6d07f368c0a7d70d48c48d28865950cc24454cf45129b",
        ),
        Content(
            "test",
            40 * MIB,
            "4b67687d9933c4db8f0831104447f15b93774f4f464bd0516f0f0f2ac83b7864",
        ),
        Content(
            "meta",
            MIB,
            "a5d4786345c961390f865e93b434dbd5c6904ce880667e0cb888c97d449f28b9",
            required=False,
        ),
    ),
    urls=("https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",),
    other_names=("cifar-100-python-target_archive",),
    member_folder="cifar-100-python",
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
    from scratchnet.datasets.loading import load

    if label_mode not in ("fine", "coarse"):
        raise ValueError(
            "cifar100.load_data: expected label_mode 'fine' or 'coarse', "
            f"received {label_mode!r}"
        )
    return as_splits(load(DATASET), label_mode)


def decode_cifar100(contents: Contents, dataset: Dataset) -> Arrays:
    """Turn the three unpacked files into images, fine labels and coarse labels.

    Each file's bytes are let go as soon as its images are decoded.

    Raises:
        DatasetError: a file is not what its name says.
    """
    if "meta" in contents:
        _check_names(contents.pop("meta"), dataset)
    return {
        **_decode_split(contents.pop("train"), "train", dataset.train_count),
        **_decode_split(contents.pop("test"), "test", dataset.test_count),
    }


def _decode_split(content: bytes, split: str, count: int) -> Arrays:
    who = f"CIFAR-100 '{split}'"
    batch = _read_dictionary(content, who)
    return {
        f"x_{split}": _images(batch, count, who),
        f"fine_{split}": _labels(batch, "fine_labels", count, len(class_names), who),
        f"coarse_{split}": _labels(
            batch, "coarse_labels", count, len(superclass_names), who
        ),
    }


def _read_dictionary(content: bytes, who: str) -> dict[str, Any]:
    """Decode a pickled dictionary; Python 2's byte strings as keys become text."""
    batch = inert_pickle.loads(content, who)
    if type(batch) is not dict:
        raise DatasetError(
            f"{who}: expected a dictionary, received {type(batch).__name__}"
        )
    return {_text(key): value for key, value in batch.items()}


def _text(value: Any) -> str:
    return value.decode("latin-1") if type(value) is bytes else str(value)


def _entry(batch: dict[str, Any], key: str, kind: type, who: str) -> Any:
    value = batch.get(key)
    if type(value) is not kind:
        raise DatasetError(
            f"{who}: expected '{key}' as {kind.__name__}, "
            f"received {'nothing' if value is None else type(value).__name__}"
        )
    return value


def _images(batch: dict[str, Any], count: int, who: str) -> npt.NDArray[np.uint8]:
    """Make (N, 32, 32, 3) of rows of 1024 red, 1024 green and 1024 blue values."""
    record = _entry(batch, "data", inert_pickle.ArrayRecord, who)
    size = count * 3072
    if record.shape != (count, 3072):
        raise DatasetError(
            f"{who}: expected 'data' of shape {(count, 3072)}, received {record.shape}"
        )
    if len(record.data) != size:
        raise DatasetError(
            f"{who}: expected {size} bytes of 'data', received {len(record.data)}"
        )
    values = np.frombuffer(record.data, np.uint8)
    if record.fortran_order:
        values = values.reshape(3072, count).T
    planes = values.reshape(count, 3, 32, 32)
    images = np.empty((count, 32, 32, 3), np.uint8)
    # Plane by plane: three times faster than one transposed copy.
    for channel in range(3):
        images[..., channel] = planes[:, channel]
    return images


def _labels(
    batch: dict[str, Any], key: str, count: int, num_classes: int, who: str
) -> npt.NDArray[np.int64]:
    """Make a list of integers (N, 1) int64."""
    labels = _entry(batch, key, list, who)
    # Compared as Python's integers: a huge one would not fit an array.
    if len(labels) != count or any(
        type(label) is not int or not 0 <= label < num_classes for label in labels
    ):
        raise DatasetError(
            f"{who}: expected '{key}' as {count} integers of 0 to {num_classes - 1}, "
            f"received {len(labels)} values, or others among them"
        )
    return np.array(labels, np.int64).reshape(count, 1)


def _check_names(content: bytes, dataset: Dataset) -> None:
    """Refuse a `meta` file whose names are not those known here."""
    who = f"{dataset.title} 'meta'"
    meta = _read_dictionary(content, who)
    for key, known in (
        ("fine_label_names", class_names),
        ("coarse_label_names", superclass_names),
    ):
        received = _entry(meta, key, list, who)
        if any(type(name) not in (bytes, str) for name in received):
            raise DatasetError(f"{who}: expected '{key}' as a list of names")
        if tuple(_text(name) for name in received) != known:
            raise DatasetError(f"{who}: '{key}' differs from CIFAR-100's names")


DATASET = Dataset(
    name="cifar100",
    title="CIFAR-100",
    module=__name__,
    class_names=class_names,
    image_shape=(32, 32, 3),
    train_count=50_000,
    test_count=10_000,
    editions=(
        Edition(
            files=(ARCHIVE,),
            file_folders=(".", "cifar100", "cifar-100"),
            content_folders=(
                "cifar-100-python",
                "cifar100/cifar-100-python",
                "cifar100",
                "cifar-100-python-target/cifar-100-python",
            ),
            decode=decode_cifar100,
        ),
    ),
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
)
