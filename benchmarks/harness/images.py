"""The real images, or made-up ones of the same shape, as files for the workers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.harness.libraries.fitting import FILES
from benchmarks.harness.networks import Case
from benchmarks.harness.results import say
from scratchnet import datasets
from scratchnet.datasets import lookup

COUNTS = {"fashion_mnist": (60_000, 10_000), "cifar100": (50_000, 10_000)}

QUICK_COUNTS = (256, 128)


def write(case: Case, folder: Path, *, quick: bool = False) -> str:
    """Write a case's images (uint8) and labels as ``.npy`` files.

    Args:
        case: its data set is looked for, but never downloaded.
        folder: where the files go, see `fitting.FILES`.
        quick: whether to write a few hundred made-up images only.

    Returns:
        Where the images come from, such as ``debian``, or ``synthetic``.
    """
    arrays, source = None if quick else _real(case), "synthetic"
    if arrays is not None:
        source = datasets.provenance(case.dataset)["source"]
    else:
        if not quick:
            say(f"{case.dataset} is not on this machine: made-up images instead")
        arrays = _synthetic(case, QUICK_COUNTS if quick else COUNTS[case.dataset])
    for name, array in zip(FILES, arrays, strict=True):
        np.save(folder / f"{name}.npy", array)
    return source


def _real(case: Case) -> list[np.ndarray] | None:
    dataset = datasets.get(case.dataset)
    found = [lookup.find(dataset, place) for place in lookup.places()]
    if not any(one is not None and not one.missing for one in found):
        return None
    (x_train, y_train), (x_test, y_test) = dataset.load_data()
    return [
        *(x_train.reshape(-1, *case.image_shape), y_train.reshape(-1)),
        *(x_test.reshape(-1, *case.image_shape), y_test.reshape(-1)),
    ]


def _synthetic(case: Case, counts: tuple[int, int]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    arrays: list[np.ndarray] = []
    for count in counts:
        arrays += [
            rng.integers(256, size=(count, *case.image_shape), dtype=np.uint8),
            rng.integers(case.classes, size=count),
        ]
    return arrays
