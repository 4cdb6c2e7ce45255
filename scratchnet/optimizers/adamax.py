"""Adamax."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.optimizers.common_arguments import with_common_arguments
from scratchnet.optimizers.optimizer import Column, Optimizer


@with_common_arguments
class Adamax(Optimizer):
    """Adam with the largest gradient of late in the place of the mean square.

        m ← m + (g − m)(1 − β₁)        u ← max(β₂ u, |g|)
        θ ← θ − lr · m / ((1 − β₁ᵗ)(u + ε))

    Args:
        learning_rate: lr.
        beta_1: decay of the mean of g, [0, 1).
        beta_2: decay of the largest |g|, [0, 1).
        epsilon: ε, above 0.
        **common: the other arguments of `Optimizer`.

    References: Kingma and Ba (2015), section 7.1; `keras/src/optimizers/adamax.py`.
    """

    slots = ("momentum", "norm")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Any,
    ) -> None:
        who = type(self).__name__
        self.beta_1 = arguments.fraction(who, "beta_1", beta_1, below_1=True)
        self.beta_2 = arguments.fraction(who, "beta_2", beta_2, below_1=True)
        self.epsilon = arguments.positive(who, "epsilon", epsilon)
        super().__init__(learning_rate, **common)

    def update_together(self, params: Column, grads: Column, *slots: Column) -> None:
        """Change flat parameters, all of one dtype, and their slots, in place."""
        number = params[0].dtype.type
        # As in Adam, β₁ counts as a float32 number.
        power = np.power(number(np.float32(self.beta_1)), number(self.steps_taken + 1))
        rates = self.rate_now, 1 - power, self.beta_1, self.beta_2, self.epsilon
        kernels.adamax_update(params, grads, *slots, *rates)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
