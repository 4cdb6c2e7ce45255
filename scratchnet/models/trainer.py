"""Training, evaluation and prediction: what `fit` and its like do.

    for every epoch
        for every batch
            forward → loss → backward → optimizer
        validate
        callbacks

Reference: `keras/src/backend/tensorflow/trainer.py` for the order of things.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet import kernels, optimizers, plan
from scratchnet.callbacks.callback_list import CallbackList
from scratchnet.callbacks.history import History
from scratchnet.foundation import arguments
from scratchnet.foundation.interrupt import DeferredInterrupt
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.foundation.workspace import Workspace
from scratchnet.models import streams
from scratchnet.models.arrays import is_stream
from scratchnet.models.batches import Batch, Samples, check_class_weight
from scratchnet.models.epochs import Epochs, Position
from scratchnet.models.graph import every_layer
from scratchnet.models.measures import Logs, Measures
from scratchnet.plan import Plan


class Trainer:
    """What a `Model` inherits to be compiled, trained, evaluated and run.

    Attributes:
        optimizer: what `compile` was given, as an object; None before.
        history: the `History` of the last `fit`.
        stop_training: set to True by a callback, ends `fit` after the running step.
        interrupted: whether the last `fit` was ended by Ctrl-C.

    Reference: `keras/src/trainers/trainer.py`.
    """

    if TYPE_CHECKING:  # what a model is beside: a layer with these
        name: str
        label: str
        dtype: np.dtype
        built: bool
        trainable: bool
        input_shape: Any
        output_shape: Any

        @property
        def layers(self) -> list[Any]:
            """The layers."""

        build: Callable[[Any], None]
        ensure_built: Callable[[Any], None]
        compute_output_shape: Callable[[Any], Shape]

    def __init__(self) -> None:
        self.optimizer: optimizers.Optimizer | None = None
        self._measures: Any = None
        self.run_eagerly = False
        self.history: History | None = None
        self.stop_training = False
        self.interrupted = False
        self._forget()

    def _forget(self) -> None:
        """Start without plans."""
        self._plans: dict[bool, tuple[Any, Plan]] = {}
        self._workspace = Workspace()
        self._position: Position | None = None
        self._initial_epoch = 0

    # One step.

    def train_step(self, plan: Plan, batch: Batch) -> None:
        """Forward, loss, backward, update; the running metrics take the batch in."""
        output = plan.forward(batch, training=True)
        targets, scale = self._measure(plan, batch, output)
        plan.backward(plan.head.backward(targets, output, scale))
        assert self.optimizer is not None
        self.optimizer.apply(plan.grads, plan.params)

    def test_step(self, plan: Plan, batch: Batch) -> None:
        """Forward and loss; the running metrics take the batch in."""
        self._measure(plan, batch, plan.forward(batch, training=False))

    def _measure(
        self, plan: Plan, batch: Batch, output: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return dense targets, and each loss's share in the whole."""
        assert batch.y is not None
        return self._measures.take(plan.head, batch.y, batch.sample_weight, output)

    # Compiling.

    @keras_signature
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
    ) -> None:
        """Say how to train: optimizer, loss and metrics, by name or as objects.

        Args:
            optimizer: ``"rmsprop"``, ``"adam"``, ``"sgd"`` or an
                `optimizers.Optimizer`.
            loss: ``"categorical_crossentropy"``, ``"mse"`` … or a `losses.Loss`.
            metrics: a list of names or `metrics.Metric` objects.
            weighted_metrics: the same, with sample weights taken into account.
            run_eagerly: True runs the layers as they are written, without the rules of
                `scratchnet.plan`.

        Raises:
            ValueError: a name is unknown.
            TypeError: something is neither a name nor an object of its kind.
        """
        found = optimizers.get(optimizer)
        measures = Measures(loss, metrics, weighted_metrics)
        self.optimizer, self._measures = found, measures
        self.run_eagerly = bool(run_eagerly)
        self._forget()

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
                    *(id(layer), layer.trainable, vars(layer).get("rate")),
                    id(vars(layer).get("activation")),
                )
                for layer in every_layer(self.layers)
            ],
            self.trainable,
            id(self.loss) if with_loss else None,
            self.run_eagerly,
            kernels.get_rung(),
        )
        known = self._plans.get(with_loss)
        if known is None or known[0] != key:
            rules = plan.RULES if with_loss else plan.INFERENCE_RULES
            made = plan.compiled(
                self,  # type: ignore[arg-type]
                self.loss if with_loss else None,
                () if self.run_eagerly else rules,
                whole_layers=self.run_eagerly,
            )
            known = self._plans[with_loss] = key, made
        return known[1]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out of copies and pickles what is made again when it is needed."""
        return {**vars(self), "_plans": {}, "_workspace": Workspace()}

    # Training.

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float | None = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | list[int] = 1,
    ) -> History:
        """Train for a number of epochs.

        Args:
            x: inputs (N, ...): uint8, float32, float64 or a memory map; cast batch by
                batch, never copied whole.
            y: targets, as the loss wants them.
            batch_size: samples per step; None is 32. The last batch may be smaller.
            epochs: where to stop (not how many, if initial_epoch is not 0).
            verbose: 0 silent, 1 a bar per epoch, 2 a line per epoch, "auto" is 1.
            callbacks: a list of `callbacks.Callback` objects.
            validation_split: the last fraction of the samples, taken off before
                shuffling, to validate on.
            validation_data: (x, y) or (x, y, sample_weight); goes before
                validation_split.
            shuffle: whether to go through the samples in a new order each epoch; also
                where a seed is set, for which Keras 3.15 on TensorFlow repeats the
                order of the first.
            class_weight: class → weight of its samples in the loss; 1 if not named.
            sample_weight: (N,) weights of the samples in the loss.
            initial_epoch: where to start, to go on with an earlier fit.
            steps_per_epoch: batches an epoch; None is once through the samples.
            validation_steps: batches of validation; None is all.
            validation_batch_size: None is batch_size.
            validation_freq: validate every so many epochs, or after those listed
                (counted from 1).

        Returns:
            The `History`: `.epoch`, and `.history` with a list per loss and metric.

        Raises:
            RuntimeError: the model is not compiled.
            ValueError: the data doesn't fit the model, is empty or not finite.
            TypeError: the data is not an array.
            KeyboardInterrupt: Ctrl-C; `history` holds the completed epochs, and
                `EarlyStopping` has put the best weights back.
        """
        size = arguments.count("fit", "batch_size", batch_size, None)
        epochs = arguments.count("fit", "epochs", epochs, 1, least=0)
        start = arguments.count("fit", "initial_epoch", initial_epoch, 0, least=0)
        steps = arguments.count("fit", "steps_per_epoch", steps_per_epoch, None)
        val_size = arguments.count(
            "fit", "validation_batch_size", validation_batch_size, None
        )
        val_steps = arguments.count("fit", "validation_steps", validation_steps, None)
        shuffle = arguments.flag("fit", "shuffle", shuffle)
        is_due = _validation_epochs(validation_freq)
        data, held_out = self._data(
            *(x, y, sample_weight, validation_split, validation_data)
        )
        if class_weight is not None:
            check_class_weight("fit", class_weight)
            data.weigh_classes(class_weight)
        training, validation = Epochs(data, size, steps, shuffle), None
        if held_out is not None:
            if isinstance(held_out, Samples):
                val_size = val_size or size
            validation = Epochs(held_out, val_size, val_steps)
            validation.require_passes(sum(map(is_due, range(start, epochs))))
        running = self._callbacks(
            callbacks, verbose, epochs, training.steps, fitting=True
        )
        for samples in (data, held_out):
            if isinstance(samples, Samples):
                samples.check_finite()

        training.restart()
        self._position = training.position
        memory, interrupt = Workspace(), DeferredInterrupt()

        def train(epoch: int) -> Logs | None:
            return self._epoch(training, running, memory, interrupt)

        def validate(epoch: int) -> Logs:
            if validation is None or not is_due(epoch):
                return {}
            validation.restart()
            logs = self._evaluate(validation, running, memory, interrupt) or {}
            return {f"val_{name}": value for name, value in logs.items()}

        self._train(range(start, epochs), train, validate, running, interrupt)
        assert self.history is not None
        return self.history

    def _train(
        self,
        epochs: range,
        train: Callable[[int], Logs | None],
        validate: Callable[[int], Logs],
        callbacks: CallbackList,
        interrupt: DeferredInterrupt,
    ) -> None:
        """Train and validate, epoch after epoch."""
        self.stop_training, self.interrupted = False, False
        self._initial_epoch = epochs.start
        logs: Logs | None = None
        with interrupt:
            try:
                callbacks.on_train_begin()
                # A `BackupAndRestore` may have moved the start, and the position.
                for epoch in range(self._initial_epoch, epochs.stop):
                    callbacks.on_epoch_begin(epoch)
                    trained = train(epoch)
                    if trained is None:
                        break
                    logs = trained
                    logs.update(validate(epoch))
                    callbacks.on_epoch_end(epoch, logs)
                    interrupt.check()
                    if self.stop_training:
                        break
            except KeyboardInterrupt:
                self.interrupted = True
                callbacks.on_train_end(logs)
                raise
            callbacks.on_train_end(logs)

    def _epoch(
        self,
        epochs: Epochs,
        callbacks: CallbackList,
        memory: Workspace,
        interrupt: DeferredInterrupt,
    ) -> Logs | None:
        """Train for an epoch; return None if there was no batch left for it."""
        plan, step = self._plan(True), -1
        self.reset_metrics()
        with closing(epochs.epoch()) as stream:
            for step, batch in enumerate(interrupt.while_waiting(stream)):
                callbacks.on_train_batch_begin(step)
                # Callbacks stay outside: what they compute lies in other memory.
                with memory:
                    self.train_step(plan, batch)
                callbacks.on_train_batch_end(step, self._results())
                interrupt.check()
                if self.stop_training:
                    break
        return self._results() if step >= 0 else None

    # Evaluation and prediction.

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Return the loss and the metrics, in inference mode.

        Args:
            x: inputs (N, ...).
            y: targets.
            batch_size: samples per step; None is 32.
            verbose: 0 silent, 1 a bar, 2 a line, "auto" is 1.
            sample_weight: (N,) weights of the samples.
            steps: number of batches; None is all.
            callbacks: a list of `callbacks.Callback` objects.
            return_dict: whether to return {name: value}.

        Returns:
            The loss alone if there are no metrics, else [loss, metric, ...].

        Raises:
            RuntimeError, ValueError, TypeError: as `fit`.
        """
        size = arguments.count("evaluate", "batch_size", batch_size, None)
        steps = arguments.count("evaluate", "steps", steps, None)
        epochs = Epochs(self._received("evaluate", x, y, sample_weight), size, steps)
        epochs.restart()
        running = self._callbacks(callbacks, verbose, 1, epochs.steps)
        logs = self._evaluate(epochs, running, Workspace(), DeferredInterrupt())
        assert logs is not None  # the first epoch has a batch
        return _as_keras(logs, return_dict)

    def _evaluate(
        self,
        epochs: Epochs,
        callbacks: CallbackList,
        memory: Workspace,
        interrupt: DeferredInterrupt,
    ) -> Logs | None:
        """Measure an epoch; return None if there was no batch left for it."""
        plan, step = self._plan(True), -1
        self.reset_metrics()
        callbacks.on_test_begin()
        with closing(epochs.epoch()) as stream:
            for step, batch in enumerate(interrupt.while_waiting(stream)):
                callbacks.on_test_batch_begin(step)
                with memory:
                    self.test_step(plan, batch)
                callbacks.on_test_batch_end(step, self._results())
                interrupt.check()
        logs = self._results() if step >= 0 else None
        callbacks.on_test_end(logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> np.ndarray:
        """Return the output for every sample, in inference mode.

        Safe to call from several threads at once: each call has memory of its own.

        Args:
            x: inputs (N, ...).
            batch_size: samples per step; None is 32.
            verbose: 0 silent, 1 a bar, 2 a line, "auto" is 1.
            steps: number of batches; None is all.
            callbacks: a list of `callbacks.Callback` objects.

        Returns:
            (N, ...) array that nothing overwrites later.

        Raises:
            ValueError: x doesn't fit the model, is empty or not finite.
        """
        size = arguments.count("predict", "batch_size", batch_size, None)
        steps = arguments.count("predict", "steps", steps, None)
        epochs = Epochs(self._received("predict", x), size, steps)
        running = self._callbacks(callbacks, verbose, 1, epochs.steps)
        plan, memory = self._plan(False), Workspace()
        results = _Rows(epochs.samples)
        running.on_predict_begin()
        with closing(epochs.epoch()) as stream:
            for step, batch in enumerate(stream):
                running.on_predict_batch_begin(step)
                with memory:
                    outputs = results.append(plan.forward(batch, training=False))
                running.on_predict_batch_end(step, {"outputs": outputs})
        running.on_predict_end()
        return results.joined()

    # Single batches.

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Take one step on one batch, and return its loss and metrics.

        Args, errors: as `fit`.
        """
        self.assert_compiled("train_on_batch")
        samples = self._samples("train_on_batch", x, y, sample_weight)
        if class_weight is not None:
            check_class_weight("train_on_batch", class_weight)
            samples.weigh_classes(class_weight)
        plan = self._plan(True)
        self.reset_metrics()
        with self._workspace:
            self.train_step(plan, samples.span(0, len(samples)))
        return _as_keras(self._results(), return_dict)

    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        return_dict: bool = False,
    ) -> float | list[float] | dict[str, float]:
        """Return the loss and the metrics of one batch, in inference mode.

        Args, errors: as `evaluate`.
        """
        self.assert_compiled("test_on_batch")
        samples = self._samples("test_on_batch", x, y, sample_weight)
        plan = self._plan(True)
        self.reset_metrics()
        with Workspace():
            self.test_step(plan, samples.span(0, len(samples)))
        return _as_keras(self._results(), return_dict)

    # Loss and metrics.

    @property
    def loss(self) -> Any:
        """The loss that the model was compiled with; None before."""
        return None if self._measures is None else self._measures.loss

    @property
    def metric_identifiers(self) -> list[Any]:
        """The metrics that `compile` was given."""
        return [] if self._measures is None else self._measures.wanted[0]

    @property
    def weighted_metric_identifiers(self) -> list[Any]:
        """The weighted metrics that `compile` was given."""
        return [] if self._measures is None else self._measures.wanted[1]

    @property
    def metrics_names(self) -> list[str]:
        """What Keras 3 says: ``loss`` and, for all metrics, ``compile_metrics``."""
        if self.optimizer is None:
            return []
        more = self.metric_identifiers or self.weighted_metric_identifiers
        return ["loss", "compile_metrics"] if more else ["loss"]

    def reset_metrics(self) -> None:
        """Start the running means of loss and metrics again."""
        if self._measures is not None:
            self._measures.reset()

    def _results(self) -> Logs:
        """Return the running means: loss, metrics, weighted metrics."""
        return self._measures.results()

    # Data.

    def _received(
        self, who: str, x: Any, y: Any = None, sample_weight: Any = None
    ) -> Samples | streams.Stream:
        """Check the data against the model, which is built on first sight of it."""
        with_targets = who != "predict"
        if with_targets:
            self.assert_compiled(who)
        take = self._samples if with_targets else self._inputs
        if not is_stream(x):
            return take(who, x, y, sample_weight)
        streams.refuse_beside(who, x, y=y, sample_weight=sample_weight)
        stream = streams.stream(who, x, take)
        if not self.built:
            stream.first()
        return stream

    def _samples(
        self, who: str, x: Any, y: Any = None, sample_weight: Any = None
    ) -> Samples:
        """Check arrays with targets against the model."""
        if y is None and isinstance(x, tuple):
            raise TypeError(
                f"{who}: expected x and y as two arrays, received a tuple of "
                f"{len(x)} as x and no y; call {who}(x, y)"
            )
        samples = self._inputs(who, x, y, sample_weight, build=False)
        if samples.y is None:
            raise ValueError(f"{who}: expected targets y, received None")
        input_shape = (None, *samples.x.shape[1:])
        self._measures.check(samples.y, self.compute_output_shape(input_shape))
        self.ensure_built(input_shape)
        return samples

    def _inputs(
        self,
        who: str,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        build: bool = True,
    ) -> Samples:
        """Check arrays against the model's input."""
        samples = Samples(
            *(who, x, y, sample_weight),
            input_shape=self.input_shape if self.built else None,
            dtype=self.dtype if self.layers else None,
        )
        if build:
            self.ensure_built((None, *samples.x.shape[1:]))
        return samples

    def _data(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        validation_split: float | None,
        validation_data: Any,
    ) -> tuple[Any, Any]:
        """Return what to train on, and what to validate on, if anything."""
        fraction = arguments.fraction(
            "fit", "validation_split", validation_split or 0.0
        )
        if validation_data is not None:
            fraction = 0.0
        if fraction and is_stream(x):
            raise ValueError(
                f"fit: expected arrays for validation_split={fraction}, received a "
                f"{type(x).__name__}; pass validation_data"
            )
        data = self._received("fit", x, y, sample_weight)
        if validation_data is not None:
            return data, self._validation(validation_data)
        if not fraction:
            return data, None
        # The last part, before any shuffling.
        assert isinstance(data, Samples)
        at = int(np.floor(len(data) * (1 - fraction)))
        if at in (0, len(data)):
            raise ValueError(
                f"fit: validation_split={fraction} of {len(data)} samples "
                "leaves none to train or to validate on"
            )
        return data.part(0, at), data.part(at, len(data))

    def _validation(self, data: Any) -> Samples | streams.Stream:
        if is_stream(data):
            data = (data,)
        if not isinstance(data, tuple | list) or not (
            len(data) in (2, 3) or (len(data) == 1 and is_stream(data[0]))
        ):
            raise ValueError(
                "fit: expected validation_data=(x, y) or (x, y, sample_weight), "
                f"received {type(data).__name__}"
                + (f" of {len(data)}" if isinstance(data, tuple | list) else "")
            )
        return self._received("fit: validation_data", *data)

    def _callbacks(
        self,
        callbacks: Any,
        verbose: int | str,
        epochs: int,
        steps: int | None,
        fitting: bool = False,
    ) -> CallbackList:
        verbose = 1 if verbose == "auto" else verbose
        if verbose not in (0, 1, 2):
            raise ValueError(
                f"verbose: expected 0, 1, 2 or 'auto', received {verbose!r}"
            )
        params = {"verbose": int(verbose), "epochs": epochs, "steps": steps}
        if isinstance(callbacks, CallbackList):
            if fitting:
                callbacks.complete(self, **params)
            return callbacks
        return CallbackList(
            callbacks,
            add_history=fitting,
            add_progbar=verbose != 0,
            model=self,
            **params,
        )


def _as_keras(logs: Logs, return_dict: bool) -> float | list[float] | dict[str, float]:
    """Return loss and metrics as a dict, a list, or the loss alone."""
    if return_dict:
        return dict(sorted(logs.items()))
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


class _Rows:
    """What `predict` returns: the rows of all batches, one after the other.

    Args:
        count: how many there will be at most; None is not known.
    """

    def __init__(self, count: int | None) -> None:
        self._count, self._done = count, 0
        self._whole: np.ndarray | None = None
        self._parts: list[np.ndarray] = []

    def append(self, rows: np.ndarray) -> np.ndarray:
        """Copy the rows of a batch, and return the copy."""
        if self._count is None:
            self._parts.append(rows.copy())
            return self._parts[-1]
        if self._whole is None:
            self._whole = np.empty((self._count, *rows.shape[1:]), rows.dtype)
        start, self._done = self._done, self._done + len(rows)
        self._whole[start : self._done] = rows
        return self._whole[start : self._done]

    def joined(self) -> np.ndarray:
        """Return all rows."""
        if self._whole is not None:
            return self._whole[: self._done]
        return np.concatenate(self._parts)


def _validation_epochs(validation_freq: Any) -> Callable[[int], bool]:
    """Return what tells whether to validate after an epoch, counted from 0.

    A list names epochs counted from 1.

    Raises:
        ValueError: it is neither a positive integer, nor a collection of them.
    """
    collection = isinstance(validation_freq, list | tuple | set | frozenset)
    for epoch in validation_freq if collection else [validation_freq]:
        arguments.positive_int("fit", "validation_freq", epoch)
    if collection:
        return lambda epoch: epoch + 1 in validation_freq
    return lambda epoch: (epoch + 1) % int(validation_freq) == 0
