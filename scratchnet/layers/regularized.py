"""What stands beside a layer's weights and its output: penalties, and constraints."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import constraints, initializers, regularizers
from scratchnet.foundation import random
from scratchnet.foundation.attributes import constructor_arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.tensor import Variable, as_tensor
from scratchnet.layers.weights import Weights


class Regularized(Weights):
    """Weights with regularizers and constraints.

    Those of a weight are the attributes ``<weight>_regularizer`` and
    ``<weight>_constraint``; what `add_weight` was told is in ``_beside``.
    """

    activity_regularizer: Any = None
    activity_penalty: Any = None
    _beside: dict[tuple[str, str], Any]

    @keras_signature
    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Add a weight, in a `build` or `__init__` written Keras's way.

        A `call` computes with what is returned; `forward` finds the array in `params`,
        or in `buffers`.

        Args:
            shape: of it; None is a single number.
            initializer: first values; None is ``"glorot_uniform"``.
            trainable: whether the optimizer may change it.
            regularizer: a penalty on it.
            constraint: what it is made to keep after every step.
            name: by default ``variable``, with a number.
        """
        taken = {*self.params, *self.buffers}
        names = ("variable", *(f"variable_{i}" for i in range(1, len(taken) + 1)))
        name = name or next(one for one in names if one not in taken)
        whole = (shape,) if isinstance(shape, int) else tuple(shape or ())
        make = initializers.get(initializer or "glorot_uniform")
        value = make(whole, self.dtype, random.stream("initialisation"))
        self._beside[name, "regularizer"] = regularizers.get(regularizer)
        self._beside[name, "constraint"] = constraints.get(constraint)
        return self.add_own(name, value, trainable)

    def _take_regularizers_and_constraints(self, given: dict[str, Any]) -> None:
        """Keep those of the weights, as ``<weight>_regularizer`` and so on.

        Args:
            given: arguments by name; those that are taken are taken out.
        """
        known = constructor_arguments(type(self)) if self.weight_names else set()
        for weight in self.weight_names:
            for stem in self._stems(weight):
                for kind in (regularizers, constraints):
                    name = (
                        f"{stem}_{kind.__name__.rpartition('.')[2].removesuffix('s')}"
                    )
                    if name in known:
                        setattr(self, name, kind.get(given.pop(name, None)))

    def _stems(self, weight: str) -> tuple[str, ...]:
        """Return how the arguments begin that are about a weight.

        Keras speaks of the depthwise_regularizer of a depthwise_kernel.
        """
        return tuple(dict.fromkeys((weight, weight.removesuffix("_kernel"))))

    @property
    def regularizers(self) -> dict[str, Any]:
        """Name of a weight → the regularizer that it has."""
        return self._beside_weights("regularizer")

    @property
    def constraints(self) -> dict[str, Any]:
        """Name of a weight → the constraint that it has."""
        return self._beside_weights("constraint")

    def _beside_weights(self, kind: str) -> dict[str, Any]:
        found = {}
        for weight in self.weight_names or self.params:
            for stem in self._stems(weight):
                one = vars(self).get(f"{stem}_{kind}")
                if one is not None:
                    found[weight] = one
        return {**found, **self._beside_own(kind)}

    def _beside_own(self, kind: str) -> dict[str, Any]:
        """Return what `add_weight` was told."""
        own = self._beside.items()
        return {name: one for (name, of), one in own if of == kind and one is not None}

    @property
    def losses(self) -> list[Any]:
        """The penalties: of the last output, and of the weights that learn."""
        params = self.trainable_params
        return self._activity_penalties() + [
            regularizer(params[name])
            for name, regularizer in self.regularizers.items()
            if name in params
        ]

    def penalty_on(self, y: np.ndarray) -> Any:
        """Return the activity regularizer's penalty on an output, a batch's mean."""
        return as_tensor(self.activity_regularizer(y) / y.dtype.type(max(len(y), 1)))

    def _activity_penalties(self) -> list[Any]:
        return [] if self.activity_penalty is None else [self.activity_penalty]
