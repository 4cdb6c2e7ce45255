"""Follow the regularised leader."""

from __future__ import annotations

import functools
from typing import Any

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.optimizers.common_arguments import with_common_arguments
from scratchnet.optimizers.optimizer import Column, Optimizer


@with_common_arguments
class Ftrl(Optimizer):
    """Go where the sum of all gradients so far, and of the penalties, is least.

        n' = n + g²        p = −learning_rate_power
        z ← z + g + 2 shrinkage θ − (n'ᵖ − nᵖ) / lr · θ
        θ ← (clip(z, ±l1) − z) / (n'ᵖ / lr + 2 (l2 + β / (2 lr)))

    Weights within reach of ``l1`` are 0, exactly.

    Args:
        learning_rate: lr, above 0.
        learning_rate_power: at most 0; 0 keeps the step size as it is.
        initial_accumulator_value: n at first, at least 0.
        l1_regularization_strength: l1, at least 0.
        l2_regularization_strength: l2, at least 0.
        l2_shrinkage_regularization_strength: shrinkage, at least 0.
        beta: β.
        **common: the other arguments of `Optimizer`.

    References: McMahan et al. (2013), "Ad click prediction: a view from the trenches";
    `keras/src/optimizers/ftrl.py`.
    """

    slots = ("accumulator", "linear")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **common: Any,
    ) -> None:
        who = type(self).__name__
        if not learning_rate_power <= 0:
            raise ValueError(
                f"{who}: expected learning_rate_power to be a number of at most 0, "
                f"received {learning_rate_power!r}"
            )
        at_least_0 = functools.partial(arguments.non_negative, who)
        self.initial_accumulator_value = at_least_0(
            "initial_accumulator_value", initial_accumulator_value
        )
        self.l1_regularization_strength = at_least_0(
            "l1_regularization_strength", l1_regularization_strength
        )
        self.l2_regularization_strength = at_least_0(
            "l2_regularization_strength", l2_regularization_strength
        )
        self.l2_shrinkage_regularization_strength = at_least_0(
            "l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength
        )
        self.learning_rate_power = learning_rate_power
        self.beta = beta
        super().__init__(learning_rate, **common)

    def first_value(self, slot: str) -> float:
        """Return what a slot is full of before the first step."""
        return self.initial_accumulator_value if slot == "accumulator" else 0.0

    def update_together(self, params: Column, grads: Column, *slots: Column) -> None:
        """Change flat parameters, all of one dtype, and their slots, in place."""
        kernels.ftrl_update(
            params,
            grads,
            *slots,
            self.rate_now,
            -self.learning_rate_power,
            self.l1_regularization_strength,
            self.l2_regularization_strength + self.beta / (2 * self.rate_now),
            self.l2_shrinkage_regularization_strength,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        names = (
            "learning_rate_power",
            "initial_accumulator_value",
            "l1_regularization_strength",
            "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
            "beta",
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
