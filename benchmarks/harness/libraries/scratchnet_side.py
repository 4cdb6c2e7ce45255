"""scratchnet, as `fit` and `predict` run it."""

from __future__ import annotations

import itertools

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
        batches = itertools.cycle([Batch(x, y, None) for x, y in pairs])
        trainer = model.trainer

        def run(steps: int) -> float:
            trainer.reset_metrics()
            for _ in range(steps):
                with trainer.workspace:
                    trainer.train_step(next(batches))
            return trainer.results()["loss"]

        return run

    def inference(
        self, model: scratchnet.Sequential, x: np.ndarray, batch_size: int
    ) -> Outputs:
        """Return `predict`'s step over batches that are there already."""
        batches = itertools.cycle(
            [Batch(part, None, None) for part in cut(x, batch_size)]
        )
        trainer, workspace = model.trainer, Workspace()

        def run(steps: int) -> np.ndarray:
            for _ in range(steps):
                with workspace:
                    outputs = trainer.predict_step(next(batches))
            return outputs

        return run
