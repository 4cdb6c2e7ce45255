"""What a model is compiled to: an optimizer, what is measured, and plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet import kernels, optimizers, plan
from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.warn import warn
from scratchnet.foundation.workspace import Workspace
from scratchnet.models.by_output import Outputs
from scratchnet.models.graph import every_layer
from scratchnet.models.objective import Logs, Objective
from scratchnet.models.turns import Turns
from scratchnet.plan import Plan


class Compiled:
    """What `compile` makes of a model, and the plans that it runs then.

    Attributes:
        optimizer: what `compile` was given, as an object; None before.
        run_eagerly: whether the layers run as they are written.
    """

    if TYPE_CHECKING:  # what a model is beside: a layer with these
        name: str
        label: str
        dtype: np.dtype
        built: bool
        output_count: int
        trainable: bool
        input_shape: Any
        output_shape: Any

        @property
        def layers(self) -> list[Any]:
            """The layers."""

        @property
        def trainable_params(self) -> dict[str, np.ndarray]:
            """Path → parameter of all layers that learn."""

        build: Any
        ensure_built: Any
        compute_output_shape: Any
        packed: Any

    def __init__(self) -> None:
        self._optimizer: optimizers.Optimizer | None = None
        self._objective: Any = None
        self.run_eagerly = False
        self._forget()

    def _forget(self) -> None:
        """Start without plans."""
        self._plans: dict[bool, tuple[Any, Plan]] = {}
        self._workspace = Workspace()
        self._turns = Turns()

    @keras_signature
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int | str = 1,
        jit_compile: bool | str = "auto",
    ) -> None:
        """Say how to train: optimizer, loss and metrics, by name or as objects.

        Args:
            optimizer: ``"rmsprop"``, ``"adam"``, ``"sgd"`` or an
                `optimizers.Optimizer`.
            loss: ``"categorical_crossentropy"``, ``"mse"`` …, a function of
                `scratchnet.losses`, or a `losses.Loss`. Of several outputs, one for
                all, or a list or a dictionary by their names, with None for an output
                that is not trained.
            loss_weights: what each loss is multiplied with; None is 1.
            metrics: a list of names, functions or `metrics.Metric` objects. A function
                of (y_true, y_pred) may be any: it needs no gradient. Of several
                outputs, a list with an entry for each, or a dictionary by names; an
                entry is a metric or a list.
            weighted_metrics: the same, with sample weights taken into account.
            run_eagerly: True runs the layers as they are written, without the rules of
                `scratchnet.plan`.
            steps_per_execution: batches in one call of a compiled graph, or ``"auto"``;
                here every batch is a call, of which callbacks hear, so that it changes
                nothing.
            jit_compile: True, False or ``"auto"``; kernels are compiled always, so that
                it changes nothing.

        What is for the one output may also be a list of one, or {output's name: …}.
        An output's name is its key, where outputs are a dictionary, and otherwise that
        of the layer that makes it: `output_names`.

        Raises:
            ValueError: a name is unknown.
            TypeError: something is neither a name nor an object of its kind.
        """
        found = optimizers.get(optimizer)
        if jit_compile not in (True, False, "auto", None):
            raise ValueError(
                "compile: expected jit_compile to be True, False or 'auto', "
                f"received {jit_compile!r}"
            )
        if steps_per_execution != "auto":
            arguments.positive_int(
                "compile", "steps_per_execution", steps_per_execution
            )
        objective = Objective(
            {
                "loss": loss,
                "loss_weights": loss_weights,
                "metrics": metrics,
                "weighted_metrics": weighted_metrics,
            }
        )
        self._optimizer, self._objective = found, objective
        self.run_eagerly = bool(run_eagerly)
        self._forget()

    @property
    def optimizer(self) -> optimizers.Optimizer | None:
        """What `compile` was given, as an object; None before."""
        return self._optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Any) -> None:
        self._optimizer = None if optimizer is None else optimizers.get(optimizer)

    def assert_compiled(self, who: str) -> None:
        """Require `compile` to have been called.

        Raises:
            RuntimeError: it was not.
        """
        if self.optimizer is None:
            raise RuntimeError(
                f"{who}: call compile(optimizer, loss) on {self.label} first"
            )

    def plan(self) -> Plan:
        """Return what the model runs, as it is now; print it to see it as a table.

        That is the program of a training step if the model is compiled, and that of
        `predict` otherwise.

        Raises:
            ValueError: the model is not built.
        """
        if not self.built:
            raise ValueError(
                f"{self.label}: plan needs a built model; call build(input_shape) first"
            )
        return self._plan(self.optimizer is not None)

    def _plan(self, with_loss: bool) -> Plan:
        """Return the plan; a new one where what it was made of has changed."""
        key = (
            [
                (
                    *(id(layer), layer.trainable, layer.changes),
                    id(layer.activity_regularizer),
                    *map(id, layer.regularizers.values()),
                    *map(id, layer.constraints.values()),
                )
                for layer in every_layer(self.layers)
            ],
            self.trainable,
            id(self._objective) if with_loss else None,
            self.run_eagerly,
            kernels.get_rung(),
        )
        losses = [one.loss for one in self._met()] if with_loss else None
        known = self._plans.get(with_loss)
        if known is None or known[0] != key:
            rules = plan.RULES if with_loss else plan.INFERENCE_RULES
            made = plan.compiled(
                self,  # type: ignore[arg-type]
                losses,
                () if self.run_eagerly else rules,
                whole_layers=self.run_eagerly,
            )
            known = self._plans[with_loss] = key, made
        return known[1]

    def _training_plan(self) -> Plan:
        """Return the plan with the losses; warn of what training it can't change."""
        plan = self._plan(True)
        for layer in every_layer(self.layers):
            function = getattr(layer, "activation", None)
            is_softmax = getattr(function, "operation", "") == "softmax"
            if is_softmax and layer.output_shape[-1] == 1:
                warn(
                    f"{layer.label}: softmax of one number is always 1, and nothing is "
                    "learnt; for yes and no take sigmoid and binary_crossentropy"
                )
        plan.require_writeable()
        if plan.unreached:
            assert self.optimizer is not None
            self.optimizer.build(self.trainable_params)
            warn(
                f"{self.label}: no loss depends on {plan.unreached}, which stay as "
                "they are; give compile a loss for the output that they make, or set "
                "the layers' trainable to False"
            )
        return plan

    def __getstate__(self) -> dict[str, Any]:
        """Leave out of copies and pickles what is made again when it is needed."""
        return {**vars(self), "_plans": {}, "_workspace": Workspace()}

    # Loss and metrics.

    @property
    def loss(self) -> Any:
        """The loss that the model was compiled with; None before."""
        return None if self._objective is None else self._objective.given["loss"]

    def _outputs(self) -> Outputs:
        """Return what the outputs are called."""
        raise NotImplementedError

    def _met(self) -> list[Any]:
        """Return the measures of each output."""
        return self._objective.meet(self._outputs())

    @property
    def metric_directions(self) -> dict[str, str]:
        """Name in the logs → "min" or "max", of what is known to be better so."""
        if self._objective is None:
            return {}
        if self.output_count:
            self._met()
        return self._objective.directions()

    @property
    def metrics(self) -> list[Any]:
        """The running mean of the loss, then the metrics, once targets were seen.

        Of several outputs, the running means of their losses come last.
        """
        return [] if self._objective is None else self._objective.all

    @property
    def metrics_names(self) -> list[str]:
        """What Keras 3 says: ``loss`` and, for all metrics, ``compile_metrics``.

        Of several outputs, ``main_loss`` and so on follow once targets were seen.
        """
        return [] if self._objective is None else self._objective.names

    def reset_metrics(self) -> None:
        """Start the running means of loss and metrics again."""
        if self._objective is not None:
            self._objective.reset()

    def _results(self) -> Logs:
        """Return the running means: loss, metrics, weighted metrics."""
        return self._objective.results()

    def _as_keras(self, return_dict: bool) -> float | list[float] | dict[str, float]:
        """Return loss and metrics as a dict, a list, or the loss alone.

        The list is in the order of the names that the metrics have by themselves; what
        has another name in the logs follows, sorted.

        Reference: `keras/src/trainers/trainer.py` (_flatten_metrics_in_order).
        """
        logs = dict(sorted(self._results().items()))
        if return_dict:
            return logs
        own = [metric.name for metric in self.metrics]
        values = [logs[name] for name in own if name in logs]
        values += [value for name, value in logs.items() if name not in own]
        return values[0] if len(values) == 1 else values
