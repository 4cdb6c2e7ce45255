"""Adagrad."""

from __future__ import annotations

from typing import Any

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.optimizers.common_arguments import with_common_arguments
from scratchnet.optimizers.optimizer import Column, Optimizer


@with_common_arguments
class Adagrad(Optimizer):
    """A step size for every single weight, smaller the more its gradients added up to.

        a ← a + g²        θ ← θ − lr · g / √(a + ε)

    Args:
        learning_rate: lr.
        initial_accumulator_value: a at first, at least 0.
        epsilon: ε, above 0.
        **common: the other arguments of `Optimizer`.

    References: Duchi, Hazan and Singer (2011); `keras/src/optimizers/adagrad.py`.
    """

    slots = ("accumulator",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **common: Any,
    ) -> None:
        who = type(self).__name__
        self.initial_accumulator_value = arguments.non_negative(
            who, "initial_accumulator_value", initial_accumulator_value
        )
        self.epsilon = arguments.positive(who, "epsilon", epsilon)
        super().__init__(learning_rate, **common)

    def first_value(self, slot: str) -> float:
        """Return what a slot is full of before the first step."""
        return self.initial_accumulator_value if slot == "accumulator" else 0.0

    def update_together(self, params: Column, grads: Column, *slots: Column) -> None:
        """Change flat parameters, all of one dtype, and their slots, in place."""
        kernels.adagrad_update(params, grads, *slots, self.rate_now, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
