from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scratchnet import Input, Sequential, layers
from scratchnet.runs.run import PIXELS, Run

MakeRun = Callable[..., Run]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Return a function that makes the run of a small model with random weights."""

    def make(
        shape: tuple[int, ...] = (28, 28, 1),
        names: tuple[str, ...] = ("zero", "one", "two", "three", "four", "five"),
        dataset: str = "fashion_mnist",
        activation: str = "softmax",
        **changes: object,
    ) -> Run:
        model = Sequential(
            [
                Input(shape),
                layers.Rescaling(1 / 255),
                layers.Flatten(),
                layers.Dense(len(names), activation=activation),
            ],
            name="small",
        )
        rng = np.random.default_rng(0)
        model.set_weights([rng.normal(0, 0.1, w.shape) for w in model.get_weights()])
        record = {
            "dataset": {"name": dataset},
            "class_names": list(names),
            "preprocessing": {"pixels": PIXELS},
            "model": {"config": model.get_config()},
            "seed": 3,
            **changes,
        }
        run = Run.create(tmp_path / "runs" / dataset / "small" / "seed-3", record)
        model.save_weights(run.path("best.npz"))
        return run

    return make
