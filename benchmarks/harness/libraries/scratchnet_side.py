"""scratchnet, as `fit` and `predict` run it."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

import scratchnet
from benchmarks.harness.libraries.fitting import FittingLibrary
from benchmarks.harness.libraries.library import Losses, Outputs, cut, one_hot
from scratchnet.foundation.workspace import Workspace
from scratchnet.models.batches import Batch


class ScratchNet(FittingLibrary):
    """The product, with its defaults."""

    framework = scratchnet

    def __init__(self, threads: int) -> None:
        """Begin with the same random numbers every time."""
        super().__init__(threads)
        scratchnet.utils.set_random_seed(0)

    def weights(self, model: str) -> list[np.ndarray]:
        """Return a model's weights."""
        return self._models[model].get_weights()

    def training(
        self,
        model: scratchnet.Sequential,
        x: np.ndarray,
        labels: np.ndarray,
        batch_size: int,
    ) -> Losses:
        """Return the loop of `fit` over batches that are there already."""
        y = one_hot(labels, int(model.output_shape[-1] or 0))
        pairs = zip(cut(x, batch_size), cut(y, batch_size), strict=True)
        batches = itertools.cycle([ready(x, y) for x, y in pairs])
        plan, memory = model.plan(), Workspace()

        def run(steps: int) -> float:
            model.reset_metrics()
            for _ in range(steps):
                with memory:
                    model.train_step(plan, next(batches))
            return model._results()["loss"]

        return run

    def inference(
        self, model: scratchnet.Sequential, x: np.ndarray, batch_size: int
    ) -> Outputs:
        """Return `predict`'s step over batches that are there already."""
        batches = itertools.cycle([ready(part) for part in cut(x, batch_size)])
        plan, memory = model._plan(False), Workspace()

        def run(steps: int) -> np.ndarray:
            for _ in range(steps):
                with memory:
                    outputs = plan.forward(next(batches), training=False)
            return outputs

        return run


class _Ready(NamedTuple):
    """Inputs that need neither gathering nor casting."""

    x: np.ndarray

    @property
    def inputs(self) -> tuple[_Ready]:
        """Return the one input that a benchmark's model has."""
        return (self,)

    def take(
        self, indices: slice, scale: float | None = None
    ) -> tuple[np.ndarray, bool]:
        return self.x, False


def ready(x: np.ndarray, y: np.ndarray | None = None) -> Batch:
    """Return a batch of all samples, in the model's dtype already."""
    return Batch(_Ready(x), slice(0, len(x)), y, None)  # type: ignore[arg-type]
