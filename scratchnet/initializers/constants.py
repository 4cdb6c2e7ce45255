"""Initial values that are not drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.initializers.initializer import Initializer


class Zeros(Initializer):
    """All values 0."""

    def __init__(self) -> None:
        super().__init__()

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return zeros."""
        return np.zeros(shape)


class Ones(Zeros):
    """All values 1."""

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return ones."""
        return np.ones(shape)


class Constant(Initializer):
    """One value for all, or an array that goes with the weight's shape.

    Args:
        value: the value.
    """

    def __init__(self, value: Any = 0.0) -> None:
        super().__init__()
        if isinstance(value, dict):  # an array in a configuration of Keras's
            value = np.array(value["config"]["value"], value["config"]["dtype"])
        self.value = value

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return the value, repeated."""
        return np.asarray(self.value, np.float64) * np.ones(shape)

    def get_config(self) -> dict[str, Any]:
        """Return the value; an array as Keras writes it."""
        if not isinstance(self.value, np.ndarray):
            return {"value": self.value}
        config = {"value": self.value.tolist(), "dtype": self.value.dtype.name}
        array = {"class_name": "__numpy__", "config": config}
        return {"value": {"module": "builtins", **array, "registered_name": None}}


class Identity(Initializer):
    """1 on the diagonal, times a gain, and 0 elsewhere: for matrices.

    Args:
        gain: the factor.
    """

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = arguments.real("Identity", "gain", gain)

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return the matrix.

        Raises:
            ValueError: the shape is not a matrix's.
        """
        if len(shape) != 2:
            raise ValueError(
                f"Identity: expected the shape of a matrix, received {shape}"
            )
        return self.gain * np.eye(*shape)

    def get_config(self) -> dict[str, Any]:
        """Return the gain."""
        return {"gain": self.gain}
