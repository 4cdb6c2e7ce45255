"""What every optimizer does: keep the state of each parameter, and take steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments, naming
from scratchnet.foundation.outside import keras_signature

Arrays = dict[str, np.ndarray]
Column = tuple[np.ndarray, ...]


@keras_signature
class Optimizer:
    """The base of every optimizer; a subclass writes `update` or `update_together`.

    Its state is the number of steps and, for every parameter, one array per slot
    (Adam's ``momentum`` and ``velocity``). Parameters are known by a path such as
    ``dense/kernel``.

    Args:
        learning_rate: above or equal to 0; instead of a schedule, use a
            `callbacks.LearningRateScheduler`.
        name: by default the class's, in snake case.

    Attributes:
        slots: what is kept for each parameter.
        slot_by_slot: whether Keras's files hold the first slot of all parameters, then
            the second of all; they hold all slots of the first parameter otherwise.
    """

    slots: tuple[str, ...] = ()
    slot_by_slot = False

    def __init__(self, learning_rate: float, name: str | None = None) -> None:
        who = type(self).__name__
        self.name = naming.check(naming.snake_case(who) if name is None else name, who)
        self.learning_rate = learning_rate
        self.iterations = 0
        self.state: dict[str, Arrays] = {slot: {} for slot in self.slots}
        self._params: Arrays = {}

    @property
    def learning_rate(self) -> float:
        """The step size; settable at any time."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        self._learning_rate = arguments.non_negative(
            type(self).__name__, "learning_rate", value
        )

    def build(self, params: Arrays) -> None:
        """Allocate the slots of parameters that have none yet.

        Raises:
            ValueError: the slots are those of another model's parameters.
        """
        for path, param in params.items():
            known = self._params.get(path)
            if known is param:
                continue
            if not param.flags.carray:
                raise self._error(
                    f"expected '{path}' to be contiguous and writeable, since it is "
                    "changed in place"
                )
            if known is not None:
                raise self._error(
                    f"'{path}' belongs to another model than the one that this "
                    "optimizer has trained; make a new optimizer"
                )
            for slot in self.slots:
                own = self.state[slot].setdefault(path, np.zeros_like(param))
                if own.shape != param.shape or own.dtype != param.dtype:
                    raise self._error(
                        f"expected state '{path}/{slot}' of {param.dtype}{param.shape}"
                        f", received {own.dtype}{own.shape}"
                    )
            self._params[path] = param

    def apply(self, grads: Arrays, params: Arrays) -> None:
        """Take one step: change every parameter, in place, by its gradient."""
        self.build(params)
        rows = []
        for path, param in params.items():
            grad = np.ascontiguousarray(grads[path], param.dtype)
            if grad.shape != param.shape:
                raise self._error(
                    f"expected a gradient of '{path}' of shape {param.shape}, "
                    f"received {grad.shape}"
                )
            own = [self.state[slot][path] for slot in self.slots]
            rows.append([array.reshape(-1) for array in (param, grad, *own)])
        self.iterations += 1
        self.update_all(rows)

    def update_all(self, rows: list[list[np.ndarray]]) -> None:
        """Change all parameters: of each, the arrays that `update` takes, flat."""
        if type(self).update is not Optimizer.update:
            for row in rows:
                self.update(*row)
            return
        for dtype in dict.fromkeys(row[0].dtype for row in rows):
            own = [row for row in rows if row[0].dtype == dtype]
            self.update_together(*zip(*own, strict=True))

    def update(self, param: np.ndarray, grad: np.ndarray, *slots: np.ndarray) -> None:
        """Change one flat parameter and its slots, in place."""
        self.update_together((param,), (grad,), *((slot,) for slot in slots))

    def update_together(self, params: Column, grads: Column, *slots: Column) -> None:
        """Change flat parameters, all of one dtype, and their slots, in place."""
        raise NotImplementedError

    def get_state(self) -> Arrays:
        """Return copies: ``iterations``, ``learning_rate`` and path/slot → array."""
        state = {
            "iterations": np.array(self.iterations, np.int64),
            "learning_rate": np.array(self.learning_rate, np.float64),
        }
        for slot, arrays in self.state.items():
            for path, array in arrays.items():
                state[f"{path}/{slot}"] = array.copy()
        return state

    def set_state(self, state: Arrays) -> None:
        """Take over what `get_state` returned; checked before anything changes.

        Raises:
            ValueError: an entry is missing, unknown, or of another shape.
        """
        missing = {"iterations", "learning_rate"} - set(state)
        own: dict[str, Arrays] = {slot: {} for slot in self.slots}
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
            elif key not in ("iterations", "learning_rate"):
                missing.add(f"no '{key}'")
        if missing:
            raise self._error(
                "expected a state of this optimizer, with "
                f"{', '.join(sorted(missing))}; received {sorted(state)}"
            )
        self.learning_rate = float(state["learning_rate"])
        self.iterations = int(state["iterations"])
        self.state, self._params = own, {}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name, "learning_rate": self.learning_rate}

    def _error(self, message: str) -> ValueError:
        return ValueError(f"{type(self).__name__}: {message}")
