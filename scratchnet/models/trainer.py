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
from typing import Any

import numpy as np

from scratchnet.callbacks.callback_list import CallbackList
from scratchnet.callbacks.history import History
from scratchnet.foundation import arguments, overrides
from scratchnet.foundation.interrupt import DeferredInterrupt
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.workspace import Workspace
from scratchnet.layers.keras_tensor import flat
from scratchnet.models import received
from scratchnet.models.batches import Batch, Samples, check_class_weight
from scratchnet.models.compiled import Compiled
from scratchnet.models.epochs import Epochs, Position
from scratchnet.models.objective import Logs
from scratchnet.models.turns import in_turn
from scratchnet.plan import Plan


class Trainer(Compiled):
    """What a `Model` inherits to be trained, evaluated and run.

    Attributes:
        history: the `History` of the last `fit`.
        stop_training: set to True by a callback, ends `fit` after the running step.
        stop_evaluating, stop_predicting: the same for `evaluate` and `predict`.
        interrupted: whether the last `fit` was ended by Ctrl-C.

    Reference: `keras/src/trainers/trainer.py`.
    """

    def __init_subclass__(cls, **more: Any) -> None:
        """Refuse a model that is trained Keras's way."""
        super().__init_subclass__(**more)
        overrides.refuse(cls, "Model")
        for step in ("train_step", "test_step"):
            overrides.refuse_other_arguments(cls, step, ("plan", "batch"))

    def __init__(self) -> None:
        super().__init__()
        self.history: History | None = None
        self.stop_training = False
        self.stop_evaluating = False
        self.stop_predicting = False
        self.interrupted = False
        self._position: Position | None = None
        self._initial_epoch = 0

    # One step.

    def train_step(self, plan: Plan, batch: Batch) -> None:
        """Forward, loss, backward, update; the running metrics take the batch in."""
        outputs = flat(plan.forward(batch, training=True))
        shares = self._measure(plan, batch, outputs)
        plan.backward(plan.gradients(outputs, shares))
        plan.penalties.add_gradients()
        assert self.optimizer is not None
        self.optimizer.step(plan.grads, plan.params)
        plan.penalties.constrain()

    def test_step(self, plan: Plan, batch: Batch) -> None:
        """Forward and loss; the running metrics take the batch in."""
        self._measure(plan, batch, flat(plan.forward(batch, training=False)))

    def _measure(
        self, plan: Plan, batch: Batch, outputs: list[np.ndarray]
    ) -> list[Any]:
        """Return of each output dense targets, and each loss's share in the whole."""
        penalty = plan.penalties.value(plan.program)
        return self._objective.take(plan.heads, batch, outputs, penalty)

    # Training.

    @keras_signature
    @in_turn
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
            x: inputs (N, ...), an array of any kind, a tensor, a memory map or a list;
                cast batch by batch, never copied whole. Or what yields batches, (x, y)
                or (x, y, sample_weight): a `tf.data.Dataset`, a generator, a
                `utils.PyDataset`, PyTorch's `DataLoader`, any object with ``__iter__``;
                they are made ahead on a thread and checked one by one.
            y: targets, as the loss wants them; not beside what yields batches.
            batch_size: samples per step. None is 32, or as many as make
                steps_per_epoch steps. The last batch may be smaller.
            epochs: where to stop (not how many, if initial_epoch is not 0).
            verbose: 0 silent, 1 a bar per epoch, 2 a line per epoch, "auto" is 1.
            callbacks: a list of `callbacks.Callback` objects.
            validation_split: the last fraction of the samples, taken off before
                shuffling, to validate on.
            validation_data: (x, y) or (x, y, sample_weight), or what yields such
                batches; goes before validation_split.
            shuffle: whether to go through the samples in a new order each epoch; also
                where a seed is set, for which Keras 3.15 on TensorFlow repeats the
                order of the first. Of a `PyDataset` it is the batches that are gone
                through in a new order; what else yields batches has its own.
            class_weight: class → weight of its samples in the loss; 1 if not named.
            sample_weight: (N,) weights of the samples in the loss.
            initial_epoch: where to start, to go on with an earlier fit.
            steps_per_epoch: batches an epoch; None is once through the data. Needed
                where that has no end; a generator that ends ends the training, too.
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
        if validation_data is not None or validation_split:
            self._require_own_evaluate()
        data, held_out = received.training_and_validation(
            self, x, y, sample_weight, validation_split, validation_data
        )
        if class_weight is not None:
            check_class_weight("fit", class_weight)
            data.weigh_classes(class_weight)
            if isinstance(data, Samples):
                data.name_missing_classes(class_weight)
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

    def _require_own_evaluate(self) -> None:
        if type(self).evaluate is not Trainer.evaluate:
            raise NotImplementedError(
                f"{self.label}: fit validates by itself, and Keras would call the "
                "evaluate that its class has written; call that from a callback's "
                "on_epoch_end, and fit without validation data"
            )

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
                if self.optimizer is not None and epochs.stop:
                    self.optimizer.finalize_variable_values(self.trainable_params)
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
        plan, step = self._training_plan(), -1
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

    @keras_signature
    @in_turn
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
            x: inputs (N, ...), or what yields batches, as for `fit`.
            y: targets; not beside what yields batches.
            batch_size: samples per step; None is 32, or as many as make ``steps``.
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
        source = received.source(self, "evaluate", x, y, sample_weight)
        epochs = Epochs(source, size, steps)
        epochs.restart()
        running = self._callbacks(callbacks, verbose, 1, epochs.steps)
        logs = self._evaluate(epochs, running, Workspace(), DeferredInterrupt())
        assert logs is not None  # the first epoch has a batch
        return self._as_keras(return_dict)

    def _evaluate(
        self,
        epochs: Epochs,
        callbacks: CallbackList,
        memory: Workspace,
        interrupt: DeferredInterrupt,
    ) -> Logs | None:
        """Measure an epoch; return None if there was no batch left for it."""
        plan, step = self._plan(True), -1
        self.stop_evaluating = False
        self.reset_metrics()
        callbacks.on_test_begin()
        with closing(epochs.epoch()) as stream:
            for step, batch in enumerate(interrupt.while_waiting(stream)):
                callbacks.on_test_batch_begin(step)
                with memory:
                    self.test_step(plan, batch)
                callbacks.on_test_batch_end(step, self._results())
                interrupt.check()
                if self.stop_evaluating:
                    break
        logs = self._results() if step >= 0 else None
        callbacks.on_test_end(logs)
        return logs

    @keras_signature
    @in_turn
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
            x: inputs (N, ...), or what yields batches, as for `fit`; their targets are
                passed over.
            batch_size: samples per step; None is 32, or as many as make ``steps``.
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
        epochs = Epochs(received.source(self, "predict", x), size, steps)
        running = self._callbacks(callbacks, verbose, 1, epochs.steps)
        plan, memory = self._plan(False), Workspace()
        results: list[_Rows] = []
        self.stop_predicting = False
        running.on_predict_begin()
        with closing(epochs.epoch()) as stream:
            for step, batch in enumerate(stream):
                running.on_predict_batch_begin(step)
                with memory:
                    made = flat(plan.forward(batch, training=False))
                    results = results or [_Rows(epochs.samples) for _ in made]
                    rows = zip(results, made, strict=True)
                    outputs = self.packed([one.append(y) for one, y in rows])
                running.on_predict_batch_end(step, {"outputs": outputs})
                if self.stop_predicting:
                    break
        running.on_predict_end()
        return self.packed([one.joined() for one in results])

    # Single batches.

    @keras_signature
    @in_turn
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
        samples = received.samples(self, "train_on_batch", x, y, sample_weight)
        if class_weight is not None:
            check_class_weight("train_on_batch", class_weight)
            samples.weigh_classes(class_weight)
        plan = self._training_plan()
        self.reset_metrics()
        with self._workspace:
            self.train_step(plan, samples.span(0, len(samples)))
        return self._as_keras(return_dict)

    @keras_signature
    @in_turn
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
        samples = received.samples(self, "test_on_batch", x, y, sample_weight)
        plan = self._plan(True)
        self.reset_metrics()
        with Workspace():
            self.test_step(plan, samples.span(0, len(samples)))
        return self._as_keras(return_dict)

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
