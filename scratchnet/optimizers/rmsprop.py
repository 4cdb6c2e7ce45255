"""RMSprop."""

from __future__ import annotations

from typing import Any

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.optimizers.common_arguments import with_common_arguments
from scratchnet.optimizers.optimizer import Column, Optimizer


@with_common_arguments
class RMSprop(Optimizer):
    """The gradient, divided by the root of the running mean of its square.

        v ← ρ v + (1 − ρ) g²
        step       s = lr · g / √(v + ε)
        centered   a ← ρ a + (1 − ρ) g     s = lr · g / √(v − a² + ε)
        plain      θ ← θ − s
        momentum   b ← μ b + s             θ ← θ − b

    Unlike Adam's, ε stands inside the root, and v is not corrected for its start at 0:
    the first step is about lr / √(1 − ρ) long, three times lr by default. v − a² is the
    variance of g: while g hardly changes, it is nothing but rounding, and steps are as
    long as ε lets them be; in Keras, too.

    Args:
        learning_rate: lr.
        rho: ρ in [0, 1].
        momentum: μ in [0, 1].
        epsilon: ε, above 0.
        centered: whether to divide by the deviation of g instead of its size.
        **common: the other arguments of `Optimizer`.

    References: Tieleman and Hinton (2012), "Neural networks for machine learning",
    lecture 6.5; Graves (2013), "Generating sequences with recurrent neural networks",
    equations 38 to 41, centered; `keras/src/optimizers/rmsprop.py`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **common: Any,
    ) -> None:
        who = type(self).__name__
        self.rho = arguments.fraction(who, "rho", rho)
        self.momentum = arguments.fraction(who, "momentum", momentum)
        self.epsilon = arguments.positive(who, "epsilon", epsilon)
        self.centered = bool(centered)
        super().__init__(learning_rate, **common)

    @property
    def slots(self) -> tuple[str, ...]:  # type: ignore[override]
        """Of v and, if they are kept, of b and a."""
        return (
            "velocity",
            *(("momentum",) if self.momentum else ()),
            *(("average_gradient",) if self.centered else ()),
        )

    @property
    def slot_groups(self) -> list[tuple[str, ...]]:
        """The first slot of all parameters, then the second of all."""
        return [(slot,) for slot in self.slots]

    def update_together(self, params: Column, grads: Column, *slots: Column) -> None:
        """Change flat parameters, all of one dtype, and their slots, in place."""
        own = dict(zip(self.slots, slots, strict=True))
        kernels.rmsprop_update(
            params,
            grads,
            own["velocity"],
            own.get("momentum", ()),
            own.get("average_gradient", ()),
            self.rate_now,
            self.rho,
            self.momentum,
            self.epsilon,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
