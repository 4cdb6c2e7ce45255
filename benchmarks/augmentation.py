"""Layers that change images at random, beside Keras's: one process, one after another.

    python -m benchmarks.augmentation  (with the extra `reference`)

Both get the same batch of 64 images of 128x128 in colour, in training mode, and take
turns. The table has the best of several calls of each: what a busy machine adds is
least there, and the ratio is what counts.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

SHAPE = (64, 128, 128, 3)
ROUNDS = 9

LAYERS: dict[str, dict[str, Any]] = {
    "RandomFlip": {},
    "RandomRotation": {"factor": 0.1},
    "RandomZoom": {"height_factor": 0.2},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomShear": {"x_factor": 0.2},
    "RandomCrop": {"height": 112, "width": 112},
    "RandomContrast": {"factor": 0.3},
    "RandomBrightness": {"factor": 0.3},
    "Resizing": {"height": 96, "width": 96},
}


def best_of(calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Return the shortest time of each call, in seconds; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(ROUNDS + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if number:  # the first one compiles
                times[name].append(time.perf_counter() - start)
    return {name: min(measured) for name, measured in times.items()}


def calls_of(library: Any, x: Any) -> dict[str, Callable[[], Any]]:
    """Return a call of every layer on a batch, in training mode."""

    def call(layer: Any) -> Callable[[], Any]:
        return lambda: layer(x, training=True)

    return {
        kind: call(getattr(library.layers, kind)(**settings, seed=1))
        if kind.startswith("Random")
        else call(getattr(library.layers, kind)(**settings))
        for kind, settings in LAYERS.items()
    }


def main() -> None:
    """Print milliseconds of both, and how many times as long Keras takes."""
    import scratchnet

    keras, tf = map(importlib.import_module, ("keras", "tensorflow"))

    x = np.random.default_rng(0).random(SHAPE, dtype=np.float32) * 255
    ours, theirs = calls_of(scratchnet, x), calls_of(keras, tf.constant(x))
    print(f"{'layer':20}{'scratchnet':>12}{'Keras':>12}{'ratio':>8}")
    for kind in LAYERS:
        found = best_of({"ours": ours[kind], "theirs": theirs[kind]})
        print(
            f"{kind:20}{1000 * found['ours']:9.2f} ms{1000 * found['theirs']:9.2f} ms"
            f"{found['theirs'] / found['ours']:8.1f}"
        )


if __name__ == "__main__":
    main()
