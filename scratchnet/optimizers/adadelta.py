"""Adadelta."""

from __future__ import annotations

from typing import Any

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.optimizers.common_arguments import with_common_arguments
from scratchnet.optimizers.optimizer import Column, Optimizer


@with_common_arguments
class Adadelta(Optimizer):
    """Steps in the parameter's own unit, which need no learning rate but 1.

        a ← ρ a + (1 − ρ) g²
        s = √(d + ε) / √(a + ε) · g
        d ← ρ d + (1 − ρ) s²        θ ← θ − lr · s

    Keras's default for lr is 0.001; the paper's formula has 1.

    Args:
        learning_rate: lr.
        rho: ρ in [0, 1].
        epsilon: ε, above 0.
        **common: the other arguments of `Optimizer`.

    References: Zeiler (2012); `keras/src/optimizers/adadelta.py`.
    """

    slots = ("accumulated_grad", "accumulated_delta_var")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **common: Any,
    ) -> None:
        who = type(self).__name__
        self.rho = arguments.fraction(who, "rho", rho)
        self.epsilon = arguments.positive(who, "epsilon", epsilon)
        super().__init__(learning_rate, **common)

    def update_together(self, params: Column, grads: Column, *slots: Column) -> None:
        """Change flat parameters, all of one dtype, and their slots, in place."""
        rates = self.rate_now, self.rho, self.epsilon
        kernels.adadelta_update(params, grads, *slots, *rates)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}
