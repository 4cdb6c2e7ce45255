"""Whole epochs under ``fit``: the same lines for scratchnet and for Keras."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from benchmarks.harness.libraries.library import Library, one_hot
from benchmarks.harness.networks import ImageShape, Network, sequential

FILES = ("x_train", "y_train", "x_test", "y_test")


class FittingLibrary(Library):
    """A library whose models have Keras's methods.

    Attributes:
        framework: its module.
        compile_options: for ``compile``.
    """

    framework: Any
    compile_options: ClassVar[dict[str, Any]] = {}

    def make(self, image_shape: ImageShape, network: Network) -> Any:
        """Build and compile a model."""
        model = sequential(self.framework, image_shape, network)
        self._compile(model, "adam")
        return model

    def _compile(self, model: Any, optimizer: Any, **more: Any) -> None:
        loss = "categorical_crossentropy"
        model.compile(optimizer=optimizer, loss=loss, **more, **self.compile_options)

    def read_data(self, folder: Path, classes: int) -> None:
        """Load images and labels (``.npy``), and make the labels one-hot."""
        loaded = {name: np.load(folder / f"{name}.npy") for name in FILES}
        self._train = loaded["x_train"], one_hot(loaded["y_train"], classes)
        self._test = loaded["x_test"], one_hot(loaded["y_test"], classes)

    def fit(self, model: str, batch_size: int) -> dict[str, float]:
        """Train for an epoch, with validation on the test images.

        Returns:
            Its ``seconds``, and what the history says.
        """
        started = time.perf_counter()
        history = self._models[model].fit(
            *self._train, batch_size=batch_size, validation_data=self._test, verbose=0
        )
        seconds = time.perf_counter() - started
        last = {name: float(values[-1]) for name, values in history.history.items()}
        return {"seconds": seconds, **last}

    def evaluate(self, model: str, batch_size: int) -> list[float]:
        """Return loss and accuracy on the test images."""
        results = self._models[model].evaluate(
            *self._test, batch_size=batch_size, verbose=0
        )
        return [float(result) for result in results]

    def measure_accuracy(self, model: str) -> None:
        """Compile a model again, as the study does: with the accuracy."""
        compiled = self._models[model]
        self._compile(compiled, compiled.optimizer, metrics=["accuracy"])

    @staticmethod
    def memory() -> dict[str, int]:
        """Return the resident bytes of this process, ``now`` and ``peak``, on Linux.

        `resource.getrusage` would have another peak: it counts what the process was
        before it became Python, too, which right after the fork is the parent with all
        its memory.
        """
        status = Path("/proc/self/status").read_text()
        sizes = dict(line.split(":", 1) for line in status.splitlines())
        kibibytes = {name: int(sizes[name].split()[0]) for name in ("VmRSS", "VmHWM")}
        return {"now": kibibytes["VmRSS"] * 1024, "peak": kibibytes["VmHWM"] * 1024}
