"""Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.optimizers.common_arguments import with_common_arguments
from scratchnet.optimizers.optimizer import Column, Optimizer


@with_common_arguments
class Adam(Optimizer):
    """A step size for every single weight, from running means of g and g².

        m ← m + (g − m)(1 − β₁)        v ← v + (g² − v)(1 − β₂)
        α = lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ)
        θ ← θ − α m / (√v + ε)
        amsgrad: v̂ ← max(v̂, v) stands there instead of v

    ε is the paper's ε̂: it stands outside the root and is not corrected for the bias.
    The powers of β are taken in the parameter's own dtype, as Keras takes them.

    Args:
        learning_rate: lr.
        beta_1: decay of the mean of g, [0, 1).
        beta_2: decay of the mean of g², [0, 1).
        epsilon: ε, above 0.
        amsgrad: whether to divide by the highest v so far.
        **common: the other arguments of `Optimizer`.

    References: Kingma and Ba (2015), section 2, last paragraph; Reddi et al. (2018);
    `keras/src/optimizers/adam.py`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Any,
    ) -> None:
        who = type(self).__name__
        self.beta_1 = arguments.fraction(who, "beta_1", beta_1, below_1=True)
        self.beta_2 = arguments.fraction(who, "beta_2", beta_2, below_1=True)
        self.epsilon = arguments.positive(who, "epsilon", epsilon)
        self.amsgrad = arguments.flag(who, "amsgrad", amsgrad)
        super().__init__(learning_rate, **common)

    @property
    def slots(self) -> tuple[str, ...]:  # type: ignore[override]
        """m, v and, for AMSGrad, v̂."""
        return ("momentum", "velocity", *(("velocity_hat",) if self.amsgrad else ()))

    @property
    def slot_groups(self) -> list[tuple[str, ...]]:
        """Those of each parameter side by side, and then every v̂."""
        return [self.slots[:2], *([self.slots[2:]] if self.amsgrad else [])]

    def step_size(self, dtype: np.dtype) -> np.floating:
        """Return α of the current step, computed in ``dtype``.

        Keras on TensorFlow rounds β₁ and β₂ to float32 here, also for float64
        parameters; so that both take the same steps, this does too.
        """
        number = dtype.type
        t, one = number(self.steps_taken + 1), number(1)
        correction_1 = one - np.power(number(np.float32(self.beta_1)), t)
        correction_2 = one - np.power(number(np.float32(self.beta_2)), t)
        return number(self.rate_now) * np.sqrt(correction_2) / correction_1

    def update_together(self, params: Column, grads: Column, *slots: Column) -> None:
        """Change flat parameters, all of one dtype, and their slots, in place."""
        highest = slots[2] if self.amsgrad else ()
        alpha = self.step_size(params[0].dtype)
        rates = alpha, self.beta_1, self.beta_2, self.epsilon
        kernels.adam_update(params, grads, *slots[:2], highest, *rates)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }
