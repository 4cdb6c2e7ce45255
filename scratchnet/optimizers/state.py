"""What an optimizer keeps from step to step, and the order it has in Keras's files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from scratchnet.foundation.tensor import Variable, view
from scratchnet.optimizers.learning_rate import LearningRate

Arrays = dict[str, np.ndarray]


class State:
    """The part of an `Optimizer` that goes to files and comes back.

    Attributes:
        slots: what is kept for each parameter.
        state: slot → path of a parameter → array.
        extra_names: names of what is kept once for all parameters.
        extra_state: name → array, of these, since `build`.
    """

    slots: tuple[str, ...] = ()
    extra_names: tuple[str, ...] = ()

    name: str
    use_ema: bool
    gradient_accumulation_steps: int | None
    _rate: LearningRate
    _iterations: np.ndarray
    _params: Arrays

    def __init__(self) -> None:
        self.state: dict[str, Arrays] = {slot: {} for slot in self.all_slots}
        self.extra_state: Arrays = {}

    @property
    def slot_groups(self) -> list[tuple[str, ...]]:
        """The optimizer's own slots in the order of Keras's files.

        There they stand group after group and, in a group, parameter by parameter.
        """
        return [self.slots]

    @property
    def all_slot_groups(self) -> list[tuple[str, ...]]:
        """Those that every optimizer may have, and its own."""
        average = [("average",)] if self.use_ema else []
        summed = [("gradient_accumulator",)] if self.gradient_accumulation_steps else []
        return [*average, *summed, *self.slot_groups]

    @property
    def all_slots(self) -> list[str]:
        """The names in `all_slot_groups`."""
        return [slot for group in self.all_slot_groups for slot in group]

    def first_value(self, slot: str) -> float:
        """Return what a slot is full of before the first step."""
        return 0.0

    def ordered_state(self, paths: Iterable[str] | None = None) -> Arrays:
        """Return name → array, the state itself, in the order of Keras's files.

        Args:
            paths: of the parameters, in their order in the model.

        Reference: `keras/src/optimizers/base_optimizer.py` (add_optimizer_variables).
        """
        state: Arrays = {"iterations": self._iterations}
        if self._rate.number is not None:
            state["learning_rate"] = self._rate.number
        known = dict.fromkeys(path for kept in self.state.values() for path in kept)
        order = [path for path in paths or known if path in known]
        for group in self.all_slot_groups:
            for path in order:
                state |= {f"{path}/{slot}": self.state[slot][path] for slot in group}
        return state | self.extra_state

    @property
    def variables(self) -> list[Variable]:
        """The state as Keras orders it: steps, learning rate, slots."""
        return [
            view(array, name.rpartition("/")[2], f"{self.name}/{name}")
            for name, array in self.ordered_state().items()
        ]

    def set_weights(self, weights: list[Any]) -> None:
        """Overwrite the `variables`, in their order.

        Raises:
            ValueError: their number or a shape differs.
        """
        own = self.variables
        if len(own) != len(weights):
            raise self._error(
                f"expected {len(own)} weights, received {len(weights)}; slots are "
                "there after build(model.trainable_variables)"
            )
        for variable, weight in zip(own, weights, strict=True):
            variable.assign(weight)

    def get_state(self) -> Arrays:
        """Return copies: ``iterations``, ``learning_rate`` and path/slot → array."""
        return {name: array.copy() for name, array in self.ordered_state().items()}

    def set_state(self, state: Arrays) -> None:
        """Take over what `get_state` returned; checked before anything changes.

        Raises:
            ValueError: an entry is missing, unknown, or of another shape.
        """
        numbers = {"iterations"}
        if self._rate.number is not None:
            numbers.add("learning_rate")
        wrong = numbers - set(state)
        own: dict[str, Arrays] = {slot: {} for slot in self.all_slots}
        for key, array in state.items():
            path, _, slot = key.rpartition("/")
            if slot in own:
                expected = self.state[slot].get(path)
                if expected is not None and expected.shape != array.shape:
                    raise self._error(
                        f"expected state '{key}' of shape {expected.shape}, "
                        f"received {array.shape}"
                    )
                own[slot][path] = np.array(array, order="C")
            elif key not in numbers and key not in self.extra_names:
                wrong.add(f"no '{key}'")
        if wrong:
            raise self._error(
                "expected a state of this optimizer, with "
                f"{', '.join(sorted(wrong))}; received {sorted(state)}"
            )
        if self._rate.number is not None:
            self._rate.set(float(state["learning_rate"]))
        self._iterations[...] = state["iterations"]
        extra = set(self.extra_names) & set(state)
        self.extra_state = {name: np.array(state[name]) for name in extra}
        self.state, self._params = own, {}

    def _error(self, message: str) -> ValueError:
        return ValueError(f"{type(self).__name__}: {message}")
