"""Values to check gradients at."""

from __future__ import annotations

import numpy as np

SMALLEST, LARGEST = 0.1, 2.0


def distinct(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw values of which no two are alike and none is near 0.

    Magnitudes are spread evenly over [0.1, 2], in random order and with random signs:
    so no two values tie in a pooling window, and none sits on the kink of a ReLU.

    >>> x = distinct((4, 5), np.random.default_rng(0))
    >>> bool(np.abs(x).min() >= 0.1), np.unique(np.abs(x)).size
    (True, 20)
    """
    size = int(np.prod(shape))
    slots = rng.permutation(size) + rng.uniform(0.25, 0.75, size)
    magnitude = SMALLEST + (LARGEST - SMALLEST) * slots / max(size, 1)
    return (magnitude * rng.choice((-1.0, 1.0), size)).reshape(shape)


def direction(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw a dense direction: random signs, and no component smaller than 0.5."""
    return rng.uniform(0.5, 1.5, shape) * rng.choice((-1.0, 1.0), shape)


def unsettle(values: np.ndarray, rng: np.random.Generator) -> None:
    """Move a weight that is 0 or 1 throughout, in place, by 0.1 to 0.5 upwards.

    A fresh layer's biases are 0 and its scales 1, and there a forgotten scale or
    offset changes nothing. Upwards, so that a variance stays positive.
    """
    learnt = values.dtype.kind == "f"  # a count is not
    if learnt and (np.all(values == 0) or np.all(values == 1)):
        values += rng.uniform(0.1, 0.5, values.shape)
