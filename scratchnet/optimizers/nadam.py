"""Adam with Nesterov's momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.optimizers.common_arguments import with_common_arguments
from scratchnet.optimizers.optimizer import Column, Optimizer


@with_common_arguments
class Nadam(Optimizer):
    """Adam that looks ahead: the step has the mean gradient as it will be.

        u_t = β₁ (1 − 0.96ᵗ / 2)       U_t = u₁ u₂ … u_t
        m ← m + (g − m)(1 − β₁)        v ← v + (g² − v)(1 − β₂)
        m̂ = u_t₊₁ m / (1 − U_t₊₁) + (1 − u_t) g / (1 − U_t)
        θ ← θ − lr · m̂ / (√(v / (1 − β₂ᵗ)) + ε)

    Args:
        learning_rate: lr.
        beta_1: decay of the mean of g, [0, 1).
        beta_2: decay of the mean of g², [0, 1).
        epsilon: ε, above 0.
        **common: the other arguments of `Optimizer`.

    References: Dozat (2016), "Incorporating Nesterov momentum into Adam";
    `keras/src/optimizers/nadam.py`.
    """

    slots = ("momentum", "velocity")
    extra_names = ("u_product",)

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

    def build(self, variables: Any) -> None:
        """Allocate the slots, and U in the dtype of the first parameter."""
        super().build(variables)
        if self._params and not self.extra_state:
            dtype = next(iter(self._params.values())).dtype
            self.extra_state["u_product"] = np.ones((), dtype)

    def update_all(self, rows: list[list[np.ndarray]]) -> None:
        """Multiply the next u into U, and change all parameters."""
        product = self.extra_state["u_product"]
        power = np.power(0.96, product.dtype.type(self.steps_taken + 1))
        product[...] = product * product.dtype.type(self.beta_1) * (1 - 0.5 * power)
        super().update_all(rows)

    def update_together(self, params: Column, grads: Column, *slots: Column) -> None:
        """Change flat parameters, all of one dtype, and their slots, in place."""
        number = params[0].dtype.type
        t, one = number(self.steps_taken + 1), number(1)
        # Keras on TensorFlow rounds all three to float32, for any parameters.
        beta_1, beta_2, decay = (
            number(np.float32(one)) for one in (self.beta_1, self.beta_2, 0.96)
        )
        u = beta_1 * (one - number(0.5) * np.power(decay, t))
        next_u = beta_1 * (one - number(0.5) * np.power(decay, t + one))
        product = number(self.extra_state["u_product"])
        rates = (
            self.rate_now,
            next_u / (one - product * next_u),
            (one - u) / (one - product),
            one - np.power(beta_2, t),
        )
        decays = float(beta_1), float(beta_2), self.epsilon
        kernels.nadam_update(params, grads, *slots, *rates, *decays)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
