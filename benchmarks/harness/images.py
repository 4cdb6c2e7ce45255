"""The real images, or made-up ones of the same shape, as files for the workers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.harness.libraries.fitting import FILES
from benchmarks.harness.networks import Case
from benchmarks.harness.results import say
from scratchnet import datasets
from scratchnet.datasets.places import is_here

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
    if not quick and is_here(datasets.get(case.dataset)):
        splits = datasets.get(case.dataset).load_data()
        source = datasets.provenance(case.dataset)["source"]
    else:
        if not quick:
            say(f"{case.dataset} is not on this machine: made-up images instead")
        rng = np.random.default_rng(0)
        train, test = QUICK_COUNTS if quick else COUNTS[case.dataset]
        splits = _made_up(case, train, rng), _made_up(case, test, rng)
        source = "synthetic"
    arrays = [
        array
        for x, labels in splits
        for array in (x.reshape(-1, *case.image_shape), labels.reshape(-1))
    ]
    for name, array in zip(FILES, arrays, strict=True):
        np.save(folder / f"{name}.npy", array)
    return source


def _made_up(
    case: Case, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    x = rng.integers(256, size=(count, *case.image_shape), dtype=np.uint8)
    return x, rng.integers(case.classes, size=count)
