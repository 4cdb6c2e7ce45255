"""Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.optimizers.optimizer import Column, Optimizer


@keras_signature
class Adam(Optimizer):
    """A step size for every single weight, from running means of g and g².

        m ← m + (g − m)(1 − β₁)        v ← v + (g² − v)(1 − β₂)
        α = lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ)
        θ ← θ − α m / (√v + ε)

    ε is the paper's ε̂: it stands outside the root and is not corrected for the bias.
    The powers of β are taken in the parameter's own dtype, as Keras takes them.

    Args:
        learning_rate: lr.
        beta_1: decay of the mean of g, [0, 1).
        beta_2: decay of the mean of g², [0, 1).
        epsilon: ε, above 0.
        name: by default the class's, in lower case.

    References: Kingma and Ba (2015), section 2, last paragraph;
    `keras/src/optimizers/adam.py`.
    """

    slots = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate, name=name)
        who = type(self).__name__
        self.beta_1 = arguments.fraction(who, "beta_1", beta_1, below_1=True)
        self.beta_2 = arguments.fraction(who, "beta_2", beta_2, below_1=True)
        self.epsilon = arguments.positive(who, "epsilon", epsilon)

    def step_size(self, dtype: np.dtype) -> np.floating:
        """Return α of the current step, computed in ``dtype``.

        Keras on TensorFlow rounds β₁ and β₂ to float32 here, also for float64
        parameters; so that both take the same steps, this does too.
        """
        number = dtype.type
        t, one = number(self.iterations), number(1)
        correction_1 = one - np.power(number(np.float32(self.beta_1)), t)
        correction_2 = one - np.power(number(np.float32(self.beta_2)), t)
        return number(self.learning_rate) * np.sqrt(correction_2) / correction_1

    def update_together(self, params: Column, grads: Column, *slots: Column) -> None:
        """Change flat parameters, all of one dtype, their m and their v, in place."""
        alpha = self.step_size(params[0].dtype)
        rates = alpha, self.beta_1, self.beta_2, self.epsilon
        kernels.adam_update(params, grads, *slots, (), *rates)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
