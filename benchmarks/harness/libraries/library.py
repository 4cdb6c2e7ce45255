"""What a library must be able to do to be measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.harness.networks import ImageShape, Network
from benchmarks.harness.turns import Turns

TIMED_LEARNING_RATE = 1e-7

Losses = Callable[[int], float]
Outputs = Callable[[int], np.ndarray]


class Library(Turns):
    """Models of one library, by name, and what is timed on them.

    Args:
        threads: that the library is held to, besides the environment's variables.
    """

    def __init__(self, threads: int) -> None:
        """Start without models."""
        super().__init__(threads)
        self._models: dict[str, Any] = {}

    # What each library fills in.

    def make(self, image_shape: ImageShape, network: Network) -> Any:
        """Build a model, ready to train with Adam on categorical cross-entropy."""
        raise NotImplementedError

    def set_weights(self, model: Any, weights: list[np.ndarray]) -> None:
        """Load weights that are in Keras's order and layout."""
        model.set_weights(weights)

    def training(
        self, model: Any, x: np.ndarray, labels: np.ndarray, batch_size: int
    ) -> Losses:
        """Return what takes n training steps and returns their mean or last loss.

        The batches are cut and converted here, before the clock starts, and are taken
        in turn.

        Args:
            model: what `make` returned.
            x: images (N, H, W, C), float32.
            labels: classes (N,).
            batch_size: divides N.
        """
        raise NotImplementedError

    def set_learning_rate(self, model: Any, rate: float) -> None:
        """Change the step size of a model's optimizer."""
        model.optimizer.learning_rate = rate

    def inference(self, model: Any, x: np.ndarray, batch_size: int) -> Outputs:
        """Return what runs n batches and returns the last batch's probabilities."""
        raise NotImplementedError

    # What the parent asks for.

    def build(
        self,
        name: str,
        image_shape: ImageShape,
        network: Network,
        weights: list[np.ndarray] | None = None,
    ) -> None:
        """Make a model, with its own weights or with these, and keep it by name."""
        self._models[name] = self.make(image_shape, network)
        if weights is not None:
            self.set_weights(self._models[name], weights)

    def add_training(
        self, name: str, model: str, x: np.ndarray, labels: np.ndarray, batch_size: int
    ) -> None:
        """Add the activity of training a model; shapes as in `training`.

        The learning rate is made so small that the model stays as it is: at the usual
        one it has the few batches by heart after a second, and what is timed is
        arithmetic on gradients of 0, some of them subnormal numbers.
        """
        self.set_learning_rate(self._models[model], TIMED_LEARNING_RATE)
        self.add(name, self.training(self._models[model], x, labels, batch_size))

    def add_inference(
        self, name: str, model: str, x: np.ndarray, batch_size: int
    ) -> None:
        """Add the activity of running a model."""
        self.add(name, self.inference(self._models[model], x, batch_size))

    def outputs(self, model: str, x: np.ndarray) -> np.ndarray:
        """Return a model's probabilities for one batch."""
        return np.array(self.inference(self._models[model], x, len(x))(1))

    def losses(
        self, model: str, x: np.ndarray, labels: np.ndarray, batch_size: int, steps: int
    ) -> list[float]:
        """Train a model for a few steps, and return the loss of each."""
        run = self.training(self._models[model], x, labels, batch_size)
        return [float(run(1)) for _ in range(steps)]


def cut(x: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Return the batches of an array, each of them contiguous."""
    assert len(x) % batch_size == 0
    return [x[i : i + batch_size].copy() for i in range(0, len(x), batch_size)]


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return labels (N,) as float32 rows (N, C) with a single 1."""
    return np.eye(classes, dtype=np.float32)[labels]
