"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.optimizers.optimizer import Optimizer


@keras_signature
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if asked for.

        plain      θ ← θ − lr · g
        momentum   b ← μ b − lr · g      θ ← θ + b
        Nesterov   b ← μ b − lr · g      θ ← θ + μ b − lr · g

    Args:
        learning_rate: lr.
        momentum: μ in [0, 1].
        nesterov: whether to look ahead.
        name: by default the class's, in lower case.

    Reference: `keras/src/optimizers/sgd.py`; Sutskever et al. (2013).
    """

    def __init__(
        self,
        learning_rate: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        name: str | None = None,
    ) -> None:
        self.momentum = arguments.fraction(type(self).__name__, "momentum", momentum)
        self.nesterov = bool(nesterov)
        self.slots = ("momentum",) if self.momentum else ()
        super().__init__(learning_rate, name=name)

    def update(self, param: np.ndarray, grad: np.ndarray, *slots: np.ndarray) -> None:
        """Change one flat parameter and its momentum, in place."""
        if not slots:
            kernels.sgd_update(param, grad, self.learning_rate)
            return
        kernels.sgd_momentum_update(
            param, grad, slots[0], self.learning_rate, self.momentum, self.nesterov
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }
