"""Runs that never were, of models and data sets that nobody has."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.runs.run import Run

HISTORY = {
    "accuracy": [0.3, 0.5, 0.6, 0.9],
    "loss": [2.0, 1.5, 1.2, 0.5],
    "val_accuracy": [0.25, 0.45, 0.55, 0.5],
    "val_loss": [2.1, 1.6, 1.2, 1.3],
}
BEST = 2

# A PNG file of one pixel.
NO_PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4"
    "DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
)


LAYERS = {
    "steps": [0, 200, 400],
    "gradient_norm": {"hidden": [1.0, 0.5, 0.2], "output": [2.0, 1.0, 0.5]},
    "update_ratio": {"hidden": [1e-2, 1e-3, 1e-3], "output": [2e-2, 2e-3, 1e-3]},
    "epochs": [0, 1],
    "activations": {
        "hidden": [{"dead": 0.1}, {"dead": 0.2}],
        "output": [{"dead": None}, {"dead": None}],
    },
}


def predictions(
    count: int, classes: int, right: float = 0.6
) -> tuple[np.ndarray, np.ndarray]:
    """Return labels, every class among them, and probabilities, mostly right."""
    random = np.random.default_rng(classes)
    labels = np.arange(count) % classes
    scores = random.random((count, classes), dtype=np.float32)
    scores[np.arange(count), labels] += random.random(count) < right
    return labels, scores / scores.sum(1, keepdims=True)


def images(count: int, side: int = 6, channels: int = 1) -> np.ndarray:
    """Return images of which no two are alike."""
    random = np.random.default_rng(channels)
    return random.integers(0, 256, (count, side, side, channels), dtype=np.uint8)


def make(
    folder: Path,
    names: list[str],
    *,
    dataset: str = "made_up",
    model: str = "net",
    seed: int = 0,
    count: int = 60,
    history: dict[str, list[float]] = HISTORY,
    **changed: Any,
) -> Run:
    """Write a complete run, and return it.

    Args:
        folder: where to.
        names: of the classes.
        dataset: name of the data set.
        model: name of the model.
        seed: of the run.
        count: how many test images.
        history: column → one value per epoch.
        changed: entries of ``run.json`` in place of the usual ones.
    """
    record = {
        "dataset": {"name": dataset, "quick": False, "test_samples": count},
        "class_names": names,
        "model": {"name": model},
        "protocol": {"name": "notebook", "epochs": 4},
        "leak": None,
        "seed": seed,
        **changed,
    }
    run = Run.create(folder, record)
    labels, probabilities = predictions(count, len(names))
    run.write_predictions(labels, probabilities)
    columns = {"epoch": list(range(len(history["loss"]))), **history}
    rows = [columns, *zip(*columns.values(), strict=True)]
    run.path("history.csv").write_text(
        "".join(f"{','.join(map(str, row))}\n" for row in rows)
    )
    run.write_json("layers.json", LAYERS)
    own = probabilities[np.arange(count), labels]
    run.write_json(
        "metrics.json",
        {
            "test_accuracy": float(np.mean(probabilities.argmax(1) == labels)),
            "test_loss": float(-np.log(own.astype(float)).mean()),
            "epochs": len(history["loss"]),
            "best_epoch": BEST,
            "parameters": 1234,
            "seconds": 5.0,
        },
    )
    return run
