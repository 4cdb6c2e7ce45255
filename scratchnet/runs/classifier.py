"""A run's model with all that is needed to show it pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scratchnet import datasets
from scratchnet.foundation.errors import CheckpointError
from scratchnet.runs.run import PIXELS, Run


@dataclass(frozen=True)
class Guess:
    """A class and the probability that the model gives it."""

    label: int
    name: str
    probability: float


class Classifier:
    """A trained model that takes pictures of 8 bits and knows its classes' names.

    Attributes:
        run: where it comes from.
        model: the model.
        class_names: names in the order of the model's outputs.
        data_set: name of what it was trained on; None if run.json doesn't tell.
        image_shape: (H, W, C) of its input, C being 1 or 3.
        dark_background: whether it learnt from light things on a dark ground.
    """

    def __init__(self, run: Run, weights: str = "best") -> None:
        """Rebuild the model and check that run.json tells all about its pictures.

        Raises:
            CheckpointError: a file is missing or damaged, or the run is no classifier
                of pictures.
        """
        self.run = run
        self.model = run.model(weights)
        pixels = _entry(run, "preprocessing", "pixels")
        if pixels != PIXELS:
            raise _refusal(run, f"pixels prepared as {PIXELS!r}", pixels)
        names = run.record.get("class_names")
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise _refusal(run, "a list of class names", names)
        self.class_names: list[str] = names
        shape = self.model.input_shape
        if len(shape) != 4 or shape[-1] not in (1, 3):
            raise _refusal(run, "a model of input (None, H, W, 1 or 3)", shape)
        self.image_shape: tuple[int, int, int] = shape[1:]
        if self.model.output_shape != (None, len(names)):
            expected = f"a model with an output for each of {len(names)} class names"
            raise _refusal(run, expected, self.model.output_shape)
        name = _entry(run, "dataset", "name")
        self.data_set = name if isinstance(name, str) else None
        self.dark_background = (
            self.data_set in datasets.names()
            and datasets.get(self.data_set).dark_background
        )

    def predict(self, images: np.ndarray, top: int = 5) -> list[list[Guess]]:
        """Return the likeliest classes of each image, likeliest first.

        Shapes:
            images: (N, H, W, C) uint8

        Args:
            images: as `prepare` makes them.
            top: how many guesses per image; all, if there are fewer classes.

        Raises:
            CheckpointError: the model's outputs are no probabilities.
        """
        probabilities = self.model.predict(images, verbose=0)
        sums = probabilities.sum(axis=1)
        if probabilities.min() < 0 or not np.allclose(sums, 1, atol=1e-3):
            raise _refusal(
                self.run, "a model that ends in softmax", "outputs that don't add to 1"
            )
        return [rank(row, self.class_names, top) for row in probabilities]


def rank(
    probabilities: np.ndarray, class_names: Sequence[str], top: int
) -> list[Guess]:
    """Return the likeliest classes, likeliest first; of equals, the first.

    Shapes:
        probabilities: (C,)

    >>> [guess.name for guess in rank(np.array([0.1, 0.6, 0.3]), "abc", 2)]
    ['b', 'c']
    """
    order = np.argsort(-probabilities, kind="stable")[:top]
    return [Guess(int(i), class_names[i], float(probabilities[i])) for i in order]


def _entry(run: Run, part: str, name: str) -> object:
    """Return an entry of a part of run.json, None where there is no such thing."""
    found = run.record.get(part)
    return found.get(name) if isinstance(found, dict) else None


def _refusal(run: Run, expected: str, received: object) -> CheckpointError:
    return CheckpointError(
        f"{run.path('run.json')}: can't predict from pictures: expected {expected}, "
        f"received {received!r}"
    )
