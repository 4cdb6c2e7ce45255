"""Small stand-ins for models: files need names, classes and weights, no arithmetic."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


class StandInLayer:
    """What the checkpoint code uses of a layer."""

    count = 0

    def __init__(self, **weights: np.ndarray) -> None:
        StandInLayer.count += 1
        self.name = f"{type(self).__name__.lower()}_{StandInLayer.count}"
        self.class_name = type(self).__name__
        self.named_weights = self.own_weights = weights
        self.nodes = ()

    @property
    def label(self) -> str:
        return f"{self.class_name} '{self.name}'"


def layer(kind: str, **weights: np.ndarray) -> StandInLayer:
    """Return a layer whose class has any name."""
    return type(kind, (StandInLayer,), {})(**weights)


Conv2D, BatchNormalization, Flatten, Dense, Dropout = (
    type(kind, (StandInLayer,), {})
    for kind in ("Conv2D", "BatchNormalization", "Flatten", "Dense", "Dropout")
)


class StandInOptimizer:
    """What the checkpoint code uses of an optimizer."""

    name = "adam"
    slots = ("momentum", "velocity")
    learning_rate = 0.001

    def __init__(self, state: dict[str, np.ndarray]) -> None:
        self.state = state

    def ordered_state(self, paths: Iterable[str] = ()) -> dict[str, np.ndarray]:
        slots = [f"{path}/{slot}" for path in paths for slot in self.slots]
        names = [name for name in slots if name in self.state]
        names = ["iterations", "learning_rate", *names]
        return {name: self.state[name] for name in names}

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        self.state = state


class StandInModel:
    """What the checkpoint code uses of a Sequential."""

    def __init__(self, layers: list[StandInLayer]) -> None:
        self.layers = layers
        self.name = "sequential"
        self.is_traced = False
        self.own_weights: dict[str, np.ndarray] = {}
        self.built = True
        self.optimizer: StandInOptimizer | None = None

    @property
    def named_weights(self) -> dict[str, np.ndarray]:
        return {
            f"{layer.name}/{name}": weight
            for layer in self.layers
            for name, weight in layer.named_weights.items()
        }

    def get_config(self) -> dict:
        return {"name": self.name, "layers": [layer.name for layer in self.layers]}


def weights_of(model: StandInModel) -> list[np.ndarray]:
    return [w.copy() for layer in model.layers for w in layer.named_weights.values()]


def same_weights(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    """Equal to the bit, NaN included."""
    return len(first) == len(second) and all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in zip(first, second, strict=True)
    )


def make_model(seed: int, dtype: str = "float32", units: int = 3) -> StandInModel:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(dtype)

    return StandInModel(
        [
            Conv2D(kernel=draw(3, 3, 1, 2), bias=draw(2)),
            BatchNormalization(
                gamma=draw(2),
                beta=draw(2),
                moving_mean=draw(2),
                moving_variance=draw(2),
            ),
            Flatten(),
            Dense(kernel=draw(8, 4), bias=draw(4)),
            Dense(kernel=draw(4, units), bias=draw(units)),
        ]
    )
