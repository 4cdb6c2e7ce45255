"""Records of runs that never were."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments import records
from experiments.protocol import STUDY
from experiments.records import Key

PARAMETERS = {
    ("fashion_mnist", "ann"): 109_386,
    ("fashion_mnist", "basic_cnn"): 121_930,
    ("fashion_mnist", "deeper_cnn"): 111_882,
    ("cifar100", "ann"): 408_100,
    ("cifar100", "basic_cnn"): 173_412,
    ("cifar100", "deeper_cnn"): 173_220,
}

# Three that spread by 0.2 points: equivalent to themselves by either margin.
ACCURACIES = (0.400, 0.402, 0.404)


def make(library: str, key: Key, accuracy: float | None, **changed: Any) -> dict:
    """Return a record with a history of its own for each seed."""
    return {
        "library": library,
        "parameters": PARAMETERS[key.dataset, key.model],
        "test_loss": 1.5,
        "test_accuracy": accuracy,
        "epochs": 7,
        "best_epoch": 1,
        "seconds": 21.0,
        "epoch_seconds": [4.0, 2.0, 3.0],
        "history": {"val_loss": [2.0 + key.seed, 1.5], "val_accuracy": [0.1, accuracy]},
        "data": {"source": "test", "level": None, "sha256": {"train": "00"}},
        "environment": {
            library: "1.2.3",
            "threads": 1,
            "scheduling": {"policy": "other", "nice": 0},
        },
        **changed,
    }


def write(
    folder: Path,
    library: str,
    accuracies: Sequence[float | None] = ACCURACIES,
    *,
    dataset: str = "fashion_mnist",
    model: str = "ann",
    first_seed: int = 0,
    order: str = records.NEW_ORDER,
    **changed: Any,
) -> None:
    """Write a record for each accuracy."""
    folder.mkdir(exist_ok=True)
    for seed, accuracy in enumerate(accuracies, first_seed):
        key = Key(dataset, model, seed, STUDY, order=order)
        records.write(folder, key, make(library, key, accuracy, **changed))


def write_study(folder: Path, library: str) -> None:
    """Write three runs of each of the six models."""
    for dataset, model in PARAMETERS:
        write(folder, library, dataset=dataset, model=model)
