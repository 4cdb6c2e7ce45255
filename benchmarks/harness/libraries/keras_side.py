"""Keras with TensorFlow, by the compiled functions that `fit` and `predict` call."""

from __future__ import annotations

import importlib
import itertools
from typing import Any, ClassVar

import numpy as np

from benchmarks.harness.libraries.fitting import FittingLibrary
from benchmarks.harness.libraries.library import Losses, Outputs, cut, one_hot


class Keras(FittingLibrary):
    """Keras as it comes: on a CPU its functions are compiled to graphs, without XLA.

    A step is one call of ``model.train_function``, what `fit` calls for each batch,
    on tensors that are there already: no input pipeline, no callbacks, no reading of
    the metrics, so that it takes less time than under `fit` itself, or
    `train_on_batch`. Inference is one call of ``model.predict_function``.
    """

    def __init__(self, threads: int) -> None:
        """Import Keras, and hold TensorFlow to the threads."""
        super().__init__(threads)
        self._tensorflow: Any = importlib.import_module("tensorflow")
        config = self._tensorflow.config.threading
        config.set_intra_op_parallelism_threads(threads)
        config.set_inter_op_parallelism_threads(threads)
        self.framework = importlib.import_module("keras")

    def training(
        self, model: Any, x: np.ndarray, labels: np.ndarray, batch_size: int
    ) -> Losses:
        """Return a loop over the model's train function."""
        convert = self._tensorflow.constant
        y = one_hot(labels, model.output_shape[-1])
        pairs = zip(cut(x, batch_size), cut(y, batch_size), strict=True)
        batches = itertools.cycle([(convert(x), convert(y)) for x, y in pairs])
        model.make_train_function()

        def run(steps: int) -> float:
            model.reset_metrics()
            for _ in range(steps):
                logs = model.train_function(batches)
            return float(logs["loss"])  # waits for the last step

        return run

    def inference(self, model: Any, x: np.ndarray, batch_size: int) -> Outputs:
        """Return a loop over the model's predict function."""
        convert = self._tensorflow.constant
        batches = itertools.cycle([[(convert(x),)] for x in cut(x, batch_size)])
        model.make_predict_function()

        def run(steps: int) -> np.ndarray:
            for _ in range(steps):
                outputs = model.predict_function(next(batches))
            return outputs.numpy()

        return run


class KerasJit(Keras):
    """Keras with ``jit_compile=True``: XLA compiles the training step as a whole."""

    compile_options: ClassVar[dict[str, Any]] = {"jit_compile": True}
