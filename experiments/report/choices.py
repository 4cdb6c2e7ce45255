"""Which of the test images a report shows."""

from __future__ import annotations

import numpy as np

# A row of ten for each of a few classes, one image for each of many.
ROW_PER_CLASS = 20
MOST_IMAGES = 100


def spread(indices: np.ndarray, most: int = MOST_IMAGES) -> np.ndarray:
    """Return at most so many of the indices, evenly spread over all of them.

    >>> spread(np.arange(10), 4).tolist()
    [0, 3, 6, 9]
    """
    if len(indices) <= most:
        return indices
    return indices[np.linspace(0, len(indices) - 1, most).astype(int)]


def samples(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return images class by class: ten of each of a few, one of each of many.

    >>> samples(np.array([1, 0, 1, 0]), 2).tolist()
    [1, 3, 0, 2]
    """
    each = 10 if classes <= ROW_PER_CLASS else 1
    found = [
        np.flatnonzero(labels == label)[:each] for label in spread(np.arange(classes))
    ]
    return np.concatenate(found)


def confident_mistakes(
    labels: np.ndarray, probabilities: np.ndarray, most: int = 20
) -> np.ndarray:
    """Return the wrong predictions of the highest probability, the highest first."""
    wrong = np.flatnonzero(probabilities.argmax(1) != labels)
    order = np.argsort(-probabilities[wrong].max(1), kind="stable")
    return wrong[order[:most]]


def telling(labels: np.ndarray, probabilities: np.ndarray, each: int = 2) -> np.ndarray:
    """Return images worth a look: sure and right, undecided, sure and wrong.

    Undecided are those whose two highest probabilities are the closest.
    """
    right = probabilities.argmax(1) == labels
    highest = np.sort(probabilities, 1)[:, -2:]
    sure = np.argsort(-highest[:, -1], kind="stable")
    undecided = np.argsort(highest[:, -1] - highest[:, 0], kind="stable")
    chosen = [*sure[right[sure]][:each], *undecided[:each], *sure[~right[sure]][:each]]
    return np.array(list(dict.fromkeys(chosen)), np.int64)
