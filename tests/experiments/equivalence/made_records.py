"""Records of runs that never were."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.equivalence import records
from experiments.protocol import NEW_ORDER, STUDY, Trial

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


def make(library: str, trial: Trial, accuracy: float | None, **changed: Any) -> dict:
    """Return a record with a history of its own for each seed."""
    return {
        "library": library,
        "parameters": PARAMETERS[trial.dataset, trial.model],
        "test_loss": 1.5,
        "test_accuracy": accuracy,
        "epochs": 7,
        "best_epoch": 1,
        "seconds": 21.0,
        "epoch_seconds": [4.0, 2.0, 3.0],
        "history": {
            "val_loss": [2.0 + trial.seed, 1.5],
            "val_accuracy": [0.1, accuracy],
        },
        "data": {"source": "test", "level": None, "sha256": {"train": "00"}},
        "environment": {
            library: "1.2.3",
            "threads": 1,
            "scheduling": {"policy": "other", "nice": 0},
        },
        **changed,
    }


def write(
    path: Path,
    library: str,
    accuracies: Sequence[float | None] = ACCURACIES,
    *,
    dataset: str = "fashion_mnist",
    model: str = "ann",
    first_seed: int = 0,
    order: str = NEW_ORDER,
    **changed: Any,
) -> None:
    """Write a record for each accuracy."""
    for seed, accuracy in enumerate(accuracies, first_seed):
        trial = Trial(dataset, model, seed, STUDY, order=order)
        records.write(path, trial, make(library, trial, accuracy, **changed))


def write_study(path: Path, library: str) -> None:
    """Write three runs of each of the six models."""
    for dataset, model in PARAMETERS:
        write(path, library, dataset=dataset, model=model)


def as_made(record: dict) -> dict:
    """Return a record without what its trial says, as `records.write` takes it."""
    said = ("format", "dataset", "model", "seed", "protocol", "quick", "order")
    return {name: value for name, value in record.items() if name not in said}
