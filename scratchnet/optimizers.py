"""Optimizers: how a gradient changes a parameter.

    SGD    θ ← θ − lr · g
    Adam   m ← m + (g − m)(1 − β₁)        v ← v + (g² − v)(1 − β₂)
           α = lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ)
           θ ← θ − α m / (√v + ε)

Reference: `keras/src/optimizers/`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments, lookup, naming
from scratchnet.foundation.subset import refuse

Arrays = dict[str, np.ndarray]


class Optimizer:
    """The base of every optimizer.

    Its state is the number of steps and, for every parameter, one array per slot
    (Adam's ``momentum`` and ``velocity``). Parameters are known by a path such as
    ``dense/kernel``.

    Args:
        learning_rate: above or equal to 0; schedules are outside the subset, a
            `callbacks.LearningRateScheduler` does their work.
        weight_decay: outside the subset, as are the arguments after it.
        clipnorm: outside the subset.
        clipvalue: outside the subset.
        global_clipnorm: outside the subset.
        use_ema: outside the subset.
        ema_momentum: outside the subset.
        ema_overwrite_frequency: outside the subset.
        loss_scale_factor: outside the subset.
        gradient_accumulation_steps: outside the subset.
        name: by default the class's, in lower case.
        **unknown: none; whatever comes here is refused by name.
    """

    slots: tuple[str, ...] = ()

    def __init__(
        self,
        learning_rate: float,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        """Check and keep the arguments."""
        who = type(self).__name__
        for argument in unknown:
            raise TypeError(f"{who}: there is no argument '{argument}'")
        refuse(
            who,
            weight_decay=(weight_decay, None),
            clipnorm=(clipnorm, None),
            clipvalue=(clipvalue, None),
            global_clipnorm=(global_clipnorm, None),
            use_ema=(use_ema, False),
            ema_momentum=(ema_momentum, 0.99),
            ema_overwrite_frequency=(ema_overwrite_frequency, None),
            loss_scale_factor=(loss_scale_factor, None),
            gradient_accumulation_steps=(gradient_accumulation_steps, None),
        )
        self.name = who.lower() if name is None else naming.check(name, who)
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
        if not 0 <= arguments.number(value) < np.inf:
            raise ValueError(
                f"{type(self).__name__}: expected learning_rate to be a number of at "
                f"least 0, received {value!r}"
            )
        self._learning_rate = float(value)

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
                raise ValueError(
                    f"{type(self).__name__}: expected '{path}' to be contiguous and "
                    "writeable, since it is changed in place"
                )
            if known is not None:
                raise ValueError(
                    f"{type(self).__name__}: '{path}' belongs to another model than "
                    "the one that this optimizer has trained; make a new optimizer"
                )
            for slot in self.slots:
                own = self.state[slot].setdefault(path, np.zeros_like(param))
                if own.shape != param.shape or own.dtype != param.dtype:
                    raise ValueError(
                        f"{type(self).__name__}: expected state '{path}/{slot}' of "
                        f"{param.dtype}{param.shape}, received {own.dtype}{own.shape}"
                    )
            self._params[path] = param

    def apply(self, grads: Arrays, params: Arrays) -> None:
        """Take one step: change every parameter, in place, by its gradient."""
        self.build(params)
        rows = []
        for path, param in params.items():
            grad = np.ascontiguousarray(grads[path], param.dtype)
            if grad.shape != param.shape:
                raise ValueError(
                    f"{type(self).__name__}: expected a gradient of '{path}' of shape "
                    f"{param.shape}, received {grad.shape}"
                )
            own = [self.state[slot][path] for slot in self.slots]
            rows.append([array.reshape(-1) for array in (param, grad, *own)])
        self.iterations += 1
        self.update_all(rows)

    def update_all(self, rows: list[list[np.ndarray]]) -> None:
        """Change all parameters: of each, the arrays that `update` takes, flat."""
        for row in rows:
            self.update(*row)

    def update(self, param: np.ndarray, grad: np.ndarray, *slots: np.ndarray) -> None:
        """Change one flat parameter and its slots, in place."""
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
                    raise ValueError(
                        f"{type(self).__name__}: expected state '{key}' of shape "
                        f"{expected.shape}, received {array.shape}"
                    )
                own[slot][path] = np.array(array, order="C")
            elif key not in ("iterations", "learning_rate"):
                missing.add(f"no '{key}'")
        if missing:
            raise ValueError(
                f"{type(self).__name__}: expected a state of this optimizer, with "
                f"{', '.join(sorted(missing))}; received {sorted(state)}"
            )
        self.learning_rate = float(state["learning_rate"])
        self.iterations = int(state["iterations"])
        self.state, self._params = own, {}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name, "learning_rate": self.learning_rate}


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if asked for.

        plain      θ ← θ − lr · g
        momentum   b ← μ b − lr · g      θ ← θ + b
        Nesterov   b ← μ b − lr · g      θ ← θ + μ b − lr · g

    Args:
        learning_rate: lr.
        momentum: μ in [0, 1].
        nesterov: whether to look ahead.
        weight_decay: outside the subset, as are the arguments after it.
        clipnorm: outside the subset.
        clipvalue: outside the subset.
        global_clipnorm: outside the subset.
        use_ema: outside the subset.
        ema_momentum: outside the subset.
        ema_overwrite_frequency: outside the subset.
        loss_scale_factor: outside the subset.
        gradient_accumulation_steps: outside the subset.
        name: by default the class's, in lower case.
        **unknown: none; whatever comes here is refused by name.

    Reference: `keras/src/optimizers/sgd.py`; Sutskever et al. (2013).
    """

    def __init__(
        self,
        learning_rate: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        """Check and keep the arguments."""
        self.momentum = _in_unit_interval("SGD", "momentum", momentum, closed=True)
        self.nesterov = bool(nesterov)
        self.slots = ("momentum",) if self.momentum else ()
        super().__init__(
            learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **unknown,
        )

    def update(self, param: np.ndarray, grad: np.ndarray, *slots: np.ndarray) -> None:
        """Change one flat parameter and its momentum, in place."""
        if not slots:
            kernels.sgd_update(param, grad, self.learning_rate)
            return
        kernels.sgd_momentum_update(
            param, grad, slots[0], self.learning_rate, self.momentum, self.nesterov
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }


class Adam(Optimizer):
    """A step size for every single weight, from running means of g and g².

    ε is the paper's ε̂: it stands outside the root and is not corrected for the bias.
    The powers of β are taken in the parameter's own dtype, as Keras takes them.

    Args:
        learning_rate: lr.
        beta_1: decay of the mean of g, [0, 1).
        beta_2: decay of the mean of g², [0, 1).
        epsilon: ε, above 0.
        amsgrad: outside the subset.
        weight_decay: outside the subset, as are the arguments after it.
        clipnorm: outside the subset.
        clipvalue: outside the subset.
        global_clipnorm: outside the subset.
        use_ema: outside the subset.
        ema_momentum: outside the subset.
        ema_overwrite_frequency: outside the subset.
        loss_scale_factor: outside the subset.
        gradient_accumulation_steps: outside the subset.
        name: by default the class's, in lower case.
        **unknown: none; whatever comes here is refused by name.

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
        amsgrad: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        """Check and keep the arguments."""
        super().__init__(
            learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **unknown,
        )
        refuse("Adam", amsgrad=(amsgrad, False))
        self._alpha, self._alpha_of = np.float32(0), (np.dtype("float32"), -1, 0.0)
        self.beta_1 = _in_unit_interval("Adam", "beta_1", beta_1)
        self.beta_2 = _in_unit_interval("Adam", "beta_2", beta_2)
        self.epsilon = arguments.positive("Adam", "epsilon", epsilon)

    def step_size(self, dtype: np.dtype) -> np.floating:
        """Return α of the current step, computed in ``dtype``.

        Keras on TensorFlow rounds β₁ and β₂ to float32 here, also for float64
        parameters; so that both take the same steps, this does too.
        """
        key = (dtype, self.iterations, self.learning_rate)
        if key != self._alpha_of:
            number = dtype.type
            t = number(self.iterations)
            one = number(1)
            correction_1 = one - np.power(number(np.float32(self.beta_1)), t)
            correction_2 = one - np.power(number(np.float32(self.beta_2)), t)
            rate = number(self.learning_rate)
            self._alpha = rate * np.sqrt(correction_2) / correction_1
            self._alpha_of = key
        return self._alpha

    def update(self, param: np.ndarray, grad: np.ndarray, *slots: np.ndarray) -> None:
        """Change one flat parameter, its m and its v, in place."""
        self._update_together([[param, grad, *slots]])

    def update_all(self, rows: list[list[np.ndarray]]) -> None:
        """Change all parameters at once; by `update`, where a derived class has one."""
        if type(self).update is Adam.update:
            self._update_together(rows)
        else:
            super().update_all(rows)

    def _update_together(self, rows: list[list[np.ndarray]]) -> None:
        for dtype in dict.fromkeys(row[0].dtype for row in rows):
            own = [row for row in rows if row[0].dtype == dtype]
            kernels.adam_update(
                *map(tuple, zip(*own, strict=True)),
                *(self.step_size(dtype), self.beta_1, self.beta_2, self.epsilon),
            )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


def _in_unit_interval(who: str, name: str, value: Any, closed: bool = False) -> float:
    number = arguments.number(value)
    if not (0 <= number < 1 or (closed and number == 1)):
        bound = "]" if closed else ")"
        raise ValueError(
            f"{who}: expected {name} to be a number in [0, 1{bound}, received {value!r}"
        )
    return float(value)


ALL = {"adam": Adam, "sgd": SGD}


def get(identifier: Any) -> Optimizer:
    """Return an optimizer by name, or the one given.

    Raises:
        ValueError: the name is unknown.
        TypeError: the identifier is neither a name nor an `Optimizer`.
    """
    if isinstance(identifier, str):
        identifier = identifier.lower()
    return lookup.find("optimizer", identifier, ALL, Optimizer)


__getattr__ = lookup.missing_attribute(
    __name__, [*(found.__name__ for found in ALL.values()), "Optimizer"]
)
