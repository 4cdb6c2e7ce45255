"""What every optimizer does: keep the state of each parameter, and take steps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments, naming, overrides
from scratchnet.foundation.outside import keras_signature, missing
from scratchnet.foundation.tensor import as_tensor, view
from scratchnet.optimizers import clipping, schedules
from scratchnet.optimizers.learning_rate import LearningRate
from scratchnet.optimizers.state import Arrays, State

Column = tuple[np.ndarray, ...]

# What old programs read and write, and what is there instead.
INSTEAD = {
    "lr": "the learning rate is called learning_rate",
    "decay": "a learning rate that decays is a schedule, such as "
    "schedules.InverseTimeDecay, given as learning_rate",
}


@keras_signature
class Optimizer(State):
    """The base of every optimizer; a subclass writes `update` or `update_together`.

    A step is the same for all of them, and each part optional but for the update:

        mean of the gradients of several batches   gradient_accumulation_steps
        no gradient too long                       clipnorm, global_clipnorm, clipvalue
        decoupled weight decay                     θ ← θ − θ · weight_decay · lr
        the update
        moving average of the parameters           a ← μ a + (1 − μ) θ

    The state is the number of steps and, for every parameter, one array per slot
    (Adam's ``momentum`` and ``velocity``). Parameters are known by a path such as
    ``dense/kernel``.

    Args:
        learning_rate: lr, above or equal to 0, or a `schedules.LearningRateSchedule`.
        weight_decay: of a parameter, the share that goes with every step, times lr.
        clipnorm: the greatest norm of each gradient.
        clipvalue: the greatest absolute value in a gradient.
        global_clipnorm: the greatest norm of all gradients together.
        use_ema: whether to keep a moving average of the parameters, which they become
            when `fit` ends.
        ema_momentum: μ in [0, 1].
        ema_overwrite_frequency: the parameters become their average after every so
            many steps, too.
        gradient_accumulation_steps: batches whose gradients make up one step, at least
            2; schedules go on counting batches.
        name: by default the class's, in snake case.

    Attributes:
        slots: what is kept for each parameter.

    Raises:
        ValueError: a number is out of its range, more than one limit is given, or an
            argument is unknown.

    Reference: `keras/src/optimizers/base_optimizer.py`.
    """

    _made = False

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
    ) -> None:
        who = type(self).__name__
        self.name = naming.check(naming.snake_case(who) if name is None else name, who)
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue = clipnorm, clipvalue
        self.global_clipnorm = global_clipnorm
        for limit in ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm"):
            if getattr(self, limit) is not None:
                arguments.non_negative(who, limit, getattr(self, limit))
        limits = clipnorm, clipvalue, global_clipnorm
        if sum(limit is not None for limit in limits) > 1:
            raise ValueError(
                f"{who}: expected at most one of clipnorm, clipvalue and "
                f"global_clipnorm, received {clipnorm=}, {clipvalue=} and "
                f"{global_clipnorm=}"
            )
        self.use_ema = arguments.flag(who, "use_ema", use_ema)
        self.ema_momentum = arguments.fraction(who, "ema_momentum", ema_momentum)
        self.ema_overwrite_frequency = arguments.count(
            who, "ema_overwrite_frequency", ema_overwrite_frequency, None
        )
        self.gradient_accumulation_steps = arguments.count(
            *(who, "gradient_accumulation_steps", gradient_accumulation_steps, None),
            least=2,
        )
        super().__init__()
        self._rate = LearningRate(who, learning_rate)
        self._iterations = np.zeros((), np.int64)
        self._params = {}
        self._not_decayed: tuple[set[int], set[str], str] = set(), set(), ""
        self._made = True

    def __init_subclass__(cls, **more: Any) -> None:
        """Refuse a class written Keras's way, which would silently do nothing."""
        super().__init_subclass__(**more)
        overrides.refuse(cls, "Optimizer")

    # Settings.

    @property
    def learning_rate(self) -> Any:
        """The step size now; settable at any time, unless a schedule rules it."""
        return self._rate.shown(self.batches_taken, self.name)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._rate.set(value)

    @property
    def rate_now(self) -> float:
        """The step size of the step that is being taken, as a plain number."""
        return float(self._rate.at(self.batches_taken))

    @property
    def iterations(self) -> Any:
        """How many steps were taken."""
        if self.gradient_accumulation_steps:
            return as_tensor(self.steps_taken)
        return view(self._iterations, "iteration", f"{self.name}/iteration")

    @property
    def steps_taken(self) -> int:
        """How many steps were taken, as a plain number."""
        return self.batches_taken // (self.gradient_accumulation_steps or 1)

    @property
    def batches_taken(self) -> int:
        """How many batches the gradients were of, as a plain number."""
        return self._iterations.item()

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse what would have no effect."""
        who = type(self).__name__
        if name in INSTEAD:
            raise AttributeError(f"{who}: there is no {name}: {INSTEAD[name]}")
        ours = type(self).__module__.startswith("scratchnet.")
        if self._made and ours and not hasattr(self, name):
            raise AttributeError(f"{who}: there is no {name} that could be set")
        if not self._made or name.startswith("_"):
            super().__setattr__(name, value)
            return
        before, slots = getattr(self, name), self.all_slots
        super().__setattr__(name, value)
        if self.all_slots != slots and not self.built:
            self.state = {slot: self.state.get(slot, {}) for slot in self.all_slots}
        elif self.all_slots != slots:
            super().__setattr__(name, before)
            raise AttributeError(
                f"{who}: {name} can't be set any more: training began without what it "
                "needs to keep; give it to a new optimizer"
            )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say what there is instead, and what of Keras's is outside the subset."""
            if name in INSTEAD:
                who = type(self).__name__
                raise AttributeError(f"{who}: there is no {name}: {INSTEAD[name]}")
            return missing(self, name)

    def exclude_from_weight_decay(
        self,
        var_list: Iterable[np.ndarray] | None = None,
        var_names: Iterable[str] | None = None,
    ) -> None:
        """Leave parameters out of the weight decay.

        Args:
            var_list: the parameters themselves, of a model's `trainable_variables`.
            var_names: patterns; out is whose name contains one, such as ``["bias"]``.
        """
        places = {_place(variable) for variable in var_list or ()}
        self._not_decayed = places, set(), "|".join(var_names or ())

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the parameters, which the model has: they are met again by name."""
        places, paths, pattern = self._not_decayed
        excluded = {path for path, p in self._params.items() if _place(p) in places}
        kept = set[int](), paths | excluded, pattern
        return {**vars(self), "_params": {}, "_not_decayed": kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Copy slots that are read-only, as joblib maps them or hands them over."""
        vars(self).update(state)
        self._iterations = np.array(self._iterations)
        for arrays in self.state.values():
            for path, array in arrays.items():
                arrays[path] = array if array.flags.writeable else array.copy()

    # Parameters.

    @property
    def built(self) -> bool:
        """Whether the optimizer has met its parameters."""
        return bool(self._params)

    def build(self, variables: Any) -> None:
        """Allocate the slots of parameters that have none yet.

        Args:
            variables: path → parameter, or a list of parameters, such as a model's
                `trainable_variables`.

        Raises:
            ValueError: the slots are those of another model's parameters, or a
                parameter can't be changed in place.
        """
        for path, param in self._by_path(variables).items():
            known = self._params.get(path)
            if known is param or (known is not None and _place(known) == _place(param)):
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
            for slot in self.all_slots:
                # Keras on TensorFlow rounds it to float32, for any parameters.
                first = np.full_like(param, np.float32(self.first_value(slot)))
                own = self.state[slot].setdefault(path, first)
                if own.shape != param.shape or own.dtype != param.dtype:
                    raise self._error(
                        f"expected state '{path}/{slot}' of {param.dtype}{param.shape}"
                        f", received {own.dtype}{own.shape}"
                    )
            self._params[path] = param

    def _by_path(self, variables: Any) -> Arrays:
        """Return path → parameter for a list of parameters, too."""
        if isinstance(variables, dict):
            return variables
        known = {_place(param): path for path, param in self._params.items()}
        found: Arrays = {}
        for number, variable in enumerate(variables):
            name = getattr(variable, "path", f"variable_{number}")
            array = np.asarray(variable)
            path = known.get(_place(array), name)
            found[f"{path}_{number}" if path in found else path] = array
        return found

    # Steps.

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Take one step: change every parameter, in place, by its gradient.

        Args:
            grads: path → gradient, or a list in the order of the parameters.
            trainable_variables: path → parameter, or a list of them; None for those
                that the optimizer was built with.

        Raises:
            ValueError: a gradient is missing or of another shape, or see `build`.
        """
        params = self._by_path(
            self._params if trainable_variables is None else trainable_variables
        )
        if not isinstance(grads, dict):
            grads = list(grads)
            if len(grads) != len(params):
                raise self._error(
                    f"expected as many gradients as parameters, {len(params)}, "
                    f"received {len(grads)}"
                )
            grads = dict(zip(params, grads, strict=True))
        self.build(params)
        self._take_step(
            params,
            {path: self._checked(path, grads[path], params[path]) for path in params},
        )

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> Any:
        """Take one step with pairs of gradient and parameter; return `iterations`."""
        grads, variables = zip(*grads_and_vars, strict=True)
        self.apply(grads, variables)
        return self.iterations

    def step(self, grads: Arrays, params: Arrays) -> None:
        """Take the step that a model takes: by what a subclass has written, if it has.

        Args:
            grads: path → gradient.
            params: path → parameter, in the same order.
        """
        cls = type(self)
        if (cls.apply, cls.apply_gradients) == (
            Optimizer.apply,
            Optimizer.apply_gradients,
        ):
            self.apply(grads, params)
            return
        variables = [view(param, path, path) for path, param in params.items()]
        self.apply_gradients(zip(grads.values(), variables, strict=True))

    def _checked(self, path: str, grad: Any, param: np.ndarray) -> np.ndarray:
        if grad is None:
            raise self._error(f"expected a gradient of '{path}', received None")
        grad = np.asarray(grad, param.dtype, order="C")
        if grad.shape != param.shape:
            raise self._error(
                f"expected a gradient of '{path}' of shape {param.shape}, "
                f"received {grad.shape}"
            )
        return grad

    def _take_step(self, params: Arrays, grads: Arrays) -> None:
        if not self.gradient_accumulation_steps or self._accumulate(grads):
            grads = clipping.clip(self, grads)
            if self.weight_decay:
                self._decay(params)
            rows = []
            for path, param in params.items():
                own = [self.state[slot][path] for slot in self.slots]
                rows.append([a.reshape(-1) for a in (param, grads[path], *own)])
            self.update_all(rows)
        if self.use_ema:
            self._average()
        self._iterations += 1

    def _accumulate(self, grads: Arrays) -> bool:
        """Add gradients up; when a step is due, put their mean in their places."""
        count = self.gradient_accumulation_steps or 1
        is_due = (self.batches_taken + 1) % count == 0
        for path, grad in grads.items():
            total = self.state["gradient_accumulator"][path]
            total += grad
            if is_due:
                grads[path] = total / total.dtype.type(count)
                total[...] = 0
        return is_due

    def _decay(self, params: Arrays) -> None:
        """Let parameters shrink by themselves."""
        places, paths, pattern = self._not_decayed
        for path, param in params.items():
            excluded = pattern and re.search(pattern, path.rpartition("/")[2])
            if not excluded and path not in paths and _place(param) not in places:
                rates = self.weight_decay, self.rate_now
                kernels.weight_decay((param.reshape(-1),), *rates)

    def _average(self) -> None:
        """Move the averages on; the parameters become them if it is time."""
        # At the first step, the average is the parameter.
        momentum = self.ema_momentum if self.steps_taken else 0.0
        for path, param in self._params.items():
            average = self.state["average"][path].reshape(-1)
            kernels.moving_average((average,), (param.reshape(-1),), momentum)
        every = self.ema_overwrite_frequency
        if every and (self.steps_taken + 1) % every == 0:
            self.finalize_variable_values(self._params)

    def finalize_variable_values(self, var_list: Any) -> None:
        """Overwrite parameters by their moving average, if one is kept.

        Args:
            var_list: path → parameter, or a list of parameters.
        """
        if self.use_ema:
            averages = self.state["average"]
            for path, param in self._by_path(var_list).items():
                if path in averages:
                    param[...] = averages[path]

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
        raise NotImplementedError(
            f"{type(self).__name__}: expected update(self, param, grad, *slots) to be "
            "written"
        )

    # Configurations.

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "name": self.name,
            "learning_rate": self._rate.get_config(),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": None,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Optimizer:
        """Make an optimizer, without state, from what `get_config` returned.

        Args:
            config: the configuration.
            custom_objects: name → class of schedules of your own.
        """
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            rate = schedules.deserialize(rate, custom_objects)
        return cls(**{**config, "learning_rate": rate})


def _place(array: Any) -> int:
    """Return where an array's numbers are: the same for all views of a parameter."""
    return array.__array_interface__["data"][0]
