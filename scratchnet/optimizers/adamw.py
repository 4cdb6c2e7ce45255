"""Adam with weight decay."""

from __future__ import annotations

from typing import Any

from scratchnet.optimizers.adam import Adam
from scratchnet.optimizers.common_arguments import with_common_arguments


@with_common_arguments
class AdamW(Adam):
    """`Adam`, with weight decay that the gradient's size has no part in.

        θ ← θ − lr · weight_decay · θ        then Adam's step

    Args:
        learning_rate: lr.
        weight_decay: of a weight, the share that goes with every step, times lr.
        beta_1: decay of the mean of g, [0, 1).
        beta_2: decay of the mean of g², [0, 1).
        epsilon: ε, above 0.
        amsgrad: whether to divide by the highest v so far.
        **common: the other arguments of `Optimizer`.

    References: Loshchilov and Hutter (2019), "Decoupled weight decay regularization";
    `keras/src/optimizers/adamw.py`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError(
                f"{type(self).__name__}: expected weight_decay to be a number of at "
                "least 0, received None; Adam does without"
            )
        super().__init__(
            *(learning_rate, beta_1, beta_2, epsilon, amsgrad),
            weight_decay=weight_decay,
            **common,
        )
