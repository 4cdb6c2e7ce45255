"""A run's folder as `experiments` leaves it, without the training."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scratchnet import Input, Sequential, datasets, layers
from scratchnet.runs.run import Run


def make(folder: Path, dataset: str = "digits") -> Run:
    model = Sequential(
        [
            Input((28, 28, 1)),
            layers.Rescaling(1 / 255, name="rescaling"),
            layers.Conv2D(4, 3, activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(name="flat"),
            layers.Dense(10, activation="softmax", name="out"),
        ],
        name="small",
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.uniform(0.1, 0.3, w.shape) for w in model.get_weights()])
    run = Run.create(
        folder,
        {
            "dataset": {"name": dataset},
            "class_names": list(datasets.get("digits").class_names),
            "model": {"config": model.get_config()},
        },
    )
    model.save_weights(run.path("best.npz"))
    return run
