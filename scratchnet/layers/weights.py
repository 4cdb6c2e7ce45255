"""What a layer keeps: parameters, their gradients, and arrays that are not learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet.foundation.attributes import OnlyWhatThereIs
from scratchnet.foundation.outside import missing
from scratchnet.foundation.tensor import Variable, view
from scratchnet.layers.arrays import Arrays
from scratchnet.layers.keras_tensor import OPERATORS


class Weights(OnlyWhatThereIs):
    """The names and the arrays of a `Layer`, as Keras has them."""

    name: str
    dtype: Any
    trainable: bool
    params: Arrays
    grads: Arrays
    buffers: Arrays
    weight_names: tuple[str, ...] = ()

    @property
    def class_name(self) -> str:
        """The class's name in tables, default names and files."""
        return type(self).__name__

    @property
    def label(self) -> str:
        """Class and name, as messages say them: ``Dense 'dense_1'``."""
        return f"{self.class_name} '{self.name}'"

    def add_param(self, name: str, value: np.ndarray) -> None:
        """Add a parameter and its gradient."""
        self.params |= {name: np.asarray(value, self.dtype, order="C")}
        self.grads |= {name: np.zeros_like(self.params[name])}

    def add_buffer(self, name: str, value: np.ndarray) -> None:
        """Add an array that is kept but not learnt."""
        self.buffers |= {name: np.asarray(value, self.dtype, order="C")}
        self.weight_names = (*(self.weight_names or self.params), name)

    def add_own(self, name: str, value: np.ndarray, trainable: bool) -> Variable:
        """Add a weight, and return it as a variable that a `call` can compute with."""
        (self.add_param if trainable else self.add_buffer)(name, np.asarray(value))
        return self.variable_of(name)

    def variable_of(self, name: str) -> Variable:
        """Return a weight of the layer's own that a `call` can compute with."""
        trainable = name in self.own_arrays["params"]
        return view(
            self.own_arrays["params" if trainable else "buffers"][name],
            name,
            f"{self.name}/{name}",
            trainable=trainable,
            source=lambda: OPERATORS["weight"](self, name, trainable).record([]),
        )

    @property
    def own_arrays(self) -> dict[str, Arrays]:
        """`params`, `grads` and `buffers` that none of its layers has."""
        return {"params": self.params, "grads": self.grads, "buffers": self.buffers}

    @property
    def own_weights(self) -> dict[str, np.ndarray]:
        """Name → array of the weights that none of its layers has."""
        return self.named_weights

    @property
    def named_weights(self) -> dict[str, np.ndarray]:
        """Name → array of every weight, in Keras's order."""
        own = {**self.params, **self.buffers}
        names = self.weight_names or tuple(self.params)
        return {name: own[name] for name in names if name in own}

    @property
    def weights(self) -> list[Variable]:
        """The weights, in Keras's order, as views that can be written to."""
        return self._variables(self.named_weights)

    @property
    def variables(self) -> list[Variable]:
        """The weights, and what else is kept: the state of a random stream."""
        return self._variables({**self.named_weights, **self.buffers})

    @property
    def trainable_weights(self) -> list[Variable]:
        """Those of `weights` that the optimizer may change."""
        return [weight for weight in self.weights if weight.trainable]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """Those of `weights` that it may not: statistics, or all if frozen."""
        return [weight for weight in self.weights if not weight.trainable]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """Those of `variables` that the optimizer may not change."""
        return [one for one in self.variables if not one.trainable]

    def _variables(self, arrays: dict[str, np.ndarray]) -> list[Variable]:
        learnt = self.trainable_params
        return [
            view(
                array,
                name.rpartition("/")[2],
                name if "/" in name else f"{self.name}/{name}",
                trainable=name in learnt,
            )
            for name, array in arrays.items()
        ]

    @property
    def trainable_params(self) -> dict[str, np.ndarray]:
        """The parameters that the optimizer may change: all, or none if frozen."""
        return self.params if self.trainable else {}

    def count_params(self) -> int:
        """Return the number of values in all weights."""
        return sum(weight.size for weight in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of the weights, in Keras's order."""
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Overwrite the weights; all are checked before any is changed.

        Raises:
            ValueError: their number or a shape differs, or a value is not numeric.
        """
        copy_weights(self.label, self.named_weights, weights)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Return a weight, None for one that is absent; or say what is missing."""
            own = vars(self)
            if own.get("built") and name in (
                *self.weight_names,
                *own.get("params", ()),
            ):
                found = [one for one in self.weights if one.name == name]
                return found[0] if found else None
            return missing(self, name)


def copy_weights(who: str, into: dict[str, np.ndarray], values: Any) -> None:
    """Copy values into weights of the same shapes, all or none.

    Raises:
        ValueError: their number, a shape or the kind of a value differs.
    """
    values = [np.asarray(value) for value in values]
    if len(values) != len(into):
        raise ValueError(
            f"{who}: expected {len(into)} weights ({', '.join(into) or 'none'}), "
            f"received {len(values)}"
        )
    for (name, weight), value in zip(into.items(), values, strict=True):
        if weight.shape != value.shape:
            raise ValueError(
                f"{who}: expected weight '{name}' of shape {weight.shape}, "
                f"received {value.shape}"
            )
        if not (np.issubdtype(value.dtype, np.floating) or value.dtype.kind in "iub"):
            raise ValueError(
                f"{who}: expected real numbers for weight '{name}', "
                f"received dtype {value.dtype}"
            )
    for weight, value in zip(into.values(), values, strict=True):
        weight[...] = value
