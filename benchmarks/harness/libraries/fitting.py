"""Whole epochs under ``fit``: the same lines for scratchnet and for Keras."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from benchmarks.harness.libraries.library import Library, one_hot

FILES = ("x_train", "y_train", "x_test", "y_test")


class FittingLibrary(Library):
    """A library whose models have Keras's methods."""

    compile_options: ClassVar[dict[str, Any]] = {}

    def read_data(self, folder: Path, classes: int) -> None:
        """Load images and labels (``.npy``), and make the labels one-hot."""
        loaded = {name: np.load(folder / f"{name}.npy") for name in FILES}
        self._train = loaded["x_train"], one_hot(loaded["y_train"], classes)
        self._test = loaded["x_test"], one_hot(loaded["y_test"], classes)

    def fit(self, model: str, epochs: int, batch_size: int) -> dict[str, Any]:
        """Train for some epochs, each with validation on the test images.

        Returns:
            Seconds per epoch, and what the last epoch's history says.
        """
        started = time.perf_counter()
        history = self._models[model].fit(
            *self._train,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=self._test,
            verbose=0,
        )
        seconds = (time.perf_counter() - started) / epochs
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
        compiled.compile(
            optimizer=compiled.optimizer,
            loss="categorical_crossentropy",
            metrics=["accuracy"],
            **self.compile_options,
        )

    def memory(self) -> dict[str, int]:
        """Return the resident memory of this process in bytes: now, and the peak."""
        return resident_memory()


def resident_memory() -> dict[str, int]:
    """Return ``now`` and ``peak`` in bytes.

    The peak comes from /proc where there is one: `resource.getrusage` counts what the
    process was before it became Python, too, which right after the fork is the
    parent with all its memory.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        import resource
        import sys

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak *= 1 if sys.platform == "darwin" else 1024
        return {"now": peak, "peak": peak}
    sizes = dict(line.split(":", 1) for line in status.splitlines())
    kibibytes = {name: int(sizes[name].split()[0]) for name in ("VmRSS", "VmHWM")}
    return {"now": kibibytes["VmRSS"] * 1024, "peak": kibibytes["VmHWM"] * 1024}
