"""What callbacks use of a model, with arithmetic of one line, and a loop around it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.callbacks import CallbackList
from scratchnet.foundation import random

Logs = dict[str, Any]


class FakeOptimizer:
    """Momentum, known by paths as the real optimizers know it."""

    def __init__(self, learning_rate: float = 0.1) -> None:
        self.learning_rate = learning_rate
        self.iterations = 0
        self.momentum: dict[str, np.ndarray] = {}

    def get_state(self) -> dict[str, np.ndarray]:
        return {
            "iterations": np.array(self.iterations),
            "learning_rate": np.array(self.learning_rate),
            **{f"{path}/momentum": value for path, value in self.momentum.items()},
        }

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        if "iterations" not in state:
            raise ValueError("FakeOptimizer: expected iterations")
        self.iterations = int(state["iterations"])
        self.learning_rate = float(state["learning_rate"])
        self.momentum = {
            key.removesuffix("/momentum"): value.copy()
            for key, value in state.items()
            if key.endswith("/momentum")
        }


class Layer:
    """A weight, and a buffer that is none, as Dropout's is."""

    class_name, nodes = "Layer", ()

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.named_weights = {"kernel": np.zeros(size, np.float32)}
        self.buffers = {"seed_state": np.array([7, 0], np.uint32)}


class FakeModel:
    """A model whose step depends on all that a resumed run has to put back."""

    def __init__(self, name: str = "dense", size: int = 3) -> None:
        self.layers = [Layer(name, size)]
        self.optimizer: Any = FakeOptimizer()
        self.built = True
        self.stop_training = False
        self.interrupted = False
        self.history: Any = None
        self._initial_epoch: int | None = None
        self._position: Any = None
        self.saved: list[tuple[str, str]] = []

    @property
    def weight(self) -> np.ndarray:
        return self.layers[0].named_weights["kernel"]

    def get_weights(self) -> list[np.ndarray]:
        # The array itself: a callback that keeps it without a copy is found out.
        return [self.weight]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.weight[...] = weights[0]

    def save_weights(self, path: str, overwrite: bool = True) -> None:
        assert overwrite
        Path(path).write_bytes(self.weight.tobytes())
        self.saved.append(("weights", path))

    def save(self, path: str, overwrite: bool = True) -> None:
        assert overwrite
        Path(path).write_bytes(self.weight.tobytes())
        self.saved.append(("model", path))

    def step(self) -> float:
        """One training step with noise, dropout and momentum, and its loss."""
        layer, optimizer = self.layers[0], self.optimizer
        layer.buffers["seed_state"][1] += 1
        noise = random.stream("shuffling").normal(size=self.weight.size)
        gradient = (noise + layer.buffers["seed_state"][1]).astype(np.float32)
        path = f"{layer.name}/kernel"
        before = optimizer.momentum.get(path, np.zeros_like(self.weight))
        optimizer.momentum[path] = np.float32(0.9) * before + gradient
        optimizer.iterations += 1
        rate = np.float32(optimizer.learning_rate)
        self.weight[...] -= rate * optimizer.momentum[path]
        return float(np.abs(self.weight).sum())


def fit(
    model: FakeModel,
    callbacks: Any,
    epoch_logs: Sequence[Logs],
    batches: int = 1,
    batch_logs: Sequence[Logs] | None = None,
    **params: Any,
) -> CallbackList:
    """Call the hooks as the trainer does, with the logs given for every epoch.

    The weights hold the number of batches since the beginning.
    """
    epochs = len(epoch_logs)
    arguments = {"verbose": 0, "epochs": epochs, "steps": batches, **params}
    members = CallbackList(callbacks, add_history=True, model=model, **arguments)
    model.stop_training = False
    model._initial_epoch = 0
    members.on_train_begin()
    logs: Logs | None = None
    for epoch in range(model._initial_epoch, epochs):
        members.on_epoch_begin(epoch)
        for batch in range(batches):
            members.on_train_batch_begin(batch)
            model.weight[...] += 1
            members.on_train_batch_end(batch, batch_logs[batch] if batch_logs else {})
            if model.stop_training:
                break
        logs = dict(epoch_logs[epoch])
        members.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    members.on_train_end(logs)
    return members


def train(model: FakeModel, callbacks: Any, epochs: int, batches: int = 3) -> None:
    """Train for real: every step changes weights, moments, buffers and streams."""
    members = CallbackList(
        callbacks, True, model=model, verbose=0, epochs=epochs, steps=batches
    )
    model._initial_epoch = 0
    members.on_train_begin()
    for epoch in range(model._initial_epoch, epochs):
        members.on_epoch_begin(epoch)
        loss = 0.0
        for batch in range(batches):
            members.on_train_batch_begin(batch)
            loss = model.step()
            members.on_train_batch_end(batch, {"loss": loss})
        members.on_epoch_end(epoch, {"loss": loss})
    members.on_train_end()


def values(name: str, *numbers: float | None) -> list[Logs]:
    """Return one epoch's logs for every number; None leaves the metric out."""
    return [{"other": 0.0} if one is None else {name: one} for one in numbers]
