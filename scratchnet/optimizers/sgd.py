"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.optimizers.common_arguments import with_common_arguments
from scratchnet.optimizers.optimizer import Optimizer


@with_common_arguments
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if asked for.

        plain      θ ← θ − lr · g
        momentum   b ← μ b − lr · g      θ ← θ + b
        Nesterov   b ← μ b − lr · g      θ ← θ + μ b − lr · g

    Args:
        learning_rate: lr.
        momentum: μ in [0, 1].
        nesterov: whether to look ahead.
        **common: the other arguments of `Optimizer`.

    Reference: `keras/src/optimizers/sgd.py`; Sutskever et al. (2013).
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **common: Any,
    ) -> None:
        self.momentum = arguments.fraction(type(self).__name__, "momentum", momentum)
        self.nesterov = bool(nesterov)
        super().__init__(learning_rate, **common)

    @property
    def slots(self) -> tuple[str, ...]:  # type: ignore[override]
        """b, if there is momentum."""
        return ("momentum",) if self.momentum else ()

    def update(self, param: np.ndarray, grad: np.ndarray, *slots: np.ndarray) -> None:
        """Change one flat parameter and its momentum, in place."""
        if not slots:
            kernels.sgd_update(param, grad, self.rate_now)
            return
        kernels.sgd_momentum_update(
            param, grad, slots[0], self.rate_now, self.momentum, self.nesterov
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }
