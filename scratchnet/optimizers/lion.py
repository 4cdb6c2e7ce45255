"""Lion."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.optimizers.common_arguments import with_common_arguments
from scratchnet.optimizers.optimizer import Column, Optimizer


@with_common_arguments
class Lion(Optimizer):
    """Steps of one size for all weights: only the sign of a mean gradient counts.

        θ ← θ − lr · sign(β₁ m + (1 − β₁) g)
        m ← β₂ m + (1 − β₂) g

    Args:
        learning_rate: lr; a third or less of what suits Adam.
        beta_1: share of m in the direction, (0, 1].
        beta_2: decay of m, [0, 1].
        **common: the other arguments of `Optimizer`.

    References: Chen et al. (2023), "Symbolic discovery of optimization algorithms";
    `keras/src/optimizers/lion.py`.
    """

    slots = ("momentum",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **common: Any,
    ) -> None:
        who = type(self).__name__
        self.beta_1 = arguments.fraction(who, "beta_1", beta_1)
        arguments.positive(who, "beta_1", beta_1)
        self.beta_2 = arguments.fraction(who, "beta_2", beta_2)
        super().__init__(learning_rate, **common)

    def update_together(self, params: Column, grads: Column, *slots: Column) -> None:
        """Change flat parameters, all of one dtype, and their slots, in place."""
        # Keras on TensorFlow rounds both to float32, for any parameters.
        betas = (float(np.float32(beta)) for beta in (self.beta_1, self.beta_2))
        kernels.lion_update(params, grads, *slots, self.rate_now, *betas)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}
