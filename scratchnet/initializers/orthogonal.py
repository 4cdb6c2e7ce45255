"""Initial values that keep lengths."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.initializers.initializer import Initializer


class Orthogonal(Initializer):
    """A random matrix with orthonormal columns, or rows if they are fewer.

    It is the Q of the QR decomposition of normal numbers, whose columns' signs are
    those that make R's diagonal positive: then it is uniform among all such matrices.

    Args:
        gain: a factor.
        seed: as in `Initializer`.

    References: Saxe, McClelland & Ganguli (2014), "Exact solutions to the nonlinear
    dynamics of learning in deep linear neural networks"; Mezzadri (2007), "How to
    generate random matrices from the classical compact groups", section 5.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = arguments.real("Orthogonal", "gain", gain)

    def sample(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return the matrix; all dimensions but the last are its rows.

        Raises:
            ValueError: the shape has fewer than two dimensions.
        """
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal: expected at least two dimensions, received {shape}"
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = max(rows, columns), min(rows, columns)
        q, r = np.linalg.qr(rng.standard_normal(tall))
        q *= np.sign(np.diag(r))
        return self.gain * (q if rows >= columns else q.T).reshape(shape)

    def get_config(self) -> dict[str, Any]:
        """Return gain and seed."""
        return {"gain": self.gain, "seed": self.seed}
