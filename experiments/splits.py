"""A data set, split as a protocol asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.protocol import Protocol
from scratchnet import datasets

Samples = tuple[np.ndarray, np.ndarray]

QUICK_TRAINING, QUICK_TEST = 2000, 500


@dataclass(frozen=True)
class Splits:
    """Images (N, H, W, C) uint8 and labels (N,) to train, validate and test on."""

    training: Samples
    validation: Samples
    test: Samples
    class_names: tuple[str, ...]


def load(dataset: str, protocol: Protocol, seed: int, *, quick: bool = False) -> Splits:
    """Load a data set and split it.

    Args:
        dataset: one of `datasets.names()`.
        protocol: ``notebook`` validates on the test set, ``holdout`` on a part of the
            training set, drawn by class.
        seed: of that draw.
        quick: whether to keep only the first 2,000 training and 500 test images.

    Raises:
        DatasetError: the data set can't be found or loaded.
    """
    description = datasets.get(dataset)
    (x_train, y_train), (x_test, y_test) = description.load_data()
    shape = description.image_shape
    training = x_train.reshape(-1, *shape), y_train.reshape(-1)
    test = x_test.reshape(-1, *shape), y_test.reshape(-1)
    if quick:
        training = training[0][:QUICK_TRAINING], training[1][:QUICK_TRAINING]
        test = test[0][:QUICK_TEST], test[1][:QUICK_TEST]
    validation = test
    if protocol.name == "holdout":
        training, validation = hold_out(training, protocol.holdout, seed)
    return Splits(training, validation, test, tuple(description.class_names))


def hold_out(pair: Samples, fraction: float, seed: int) -> tuple[Samples, Samples]:
    """Split off a fraction of the samples, the same fraction of every class."""
    from sklearn.model_selection import train_test_split

    x, y = pair
    kept, held = train_test_split(
        np.arange(len(y)), test_size=fraction, random_state=seed, stratify=y
    )
    kept, held = np.sort(kept), np.sort(held)
    return (x[kept], y[kept]), (x[held], y[held])
