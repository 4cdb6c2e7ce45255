"""The training loop: what happens when `Sequential.fit` is called.

    for every epoch
        for every batch
            forward → loss → backward → optimizer
        validate
        callbacks

Reference: `keras/src/backend/tensorflow/trainer.py` for the order of things.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet import batches, metrics, rewrites
from scratchnet.batches import Batch, Samples
from scratchnet.callbacks.callback_list import CallbackList
from scratchnet.callbacks.history import History
from scratchnet.interrupt import DeferredInterrupt
from scratchnet.layers import arguments
from scratchnet.workspace import Workspace

if TYPE_CHECKING:
    from scratchnet.sequential import Sequential

Logs = dict[str, float]


class Trainer:
    """Trains, evaluates and runs one compiled model.

    `Sequential.fit`, `evaluate` and `predict` make one and call it; made by hand, it
    gives access to single steps.

    Args:
        model: a `Sequential`.

    >>> import numpy as np, scratchnet as keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(0.1), "mse")
    >>> x = np.eye(2, dtype="float32")
    >>> history = Trainer(model).fit(x, x[:, :1], epochs=2, verbose=0)
    >>> history.epoch
    [0, 1]
    """

    def __init__(self, model: Sequential) -> None:
        """Keep the model."""
        self.model = model
        self.workspace = Workspace()
        self.loss_metric = metrics.Mean("loss")
        self.metrics: list[metrics.Metric] = []
        self.weighted_metrics: list[metrics.Metric] = []
        self._plan: rewrites.Plan | None = None
        self._plan_key: Any = None

    # The loop.

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
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
        """Train for a number of epochs; see `Sequential.fit`."""
        samples = self._samples("fit", x, y, sample_weight)
        batch_size = _count("fit", "batch_size", batch_size, 32)
        epochs = _count("fit", "epochs", epochs, 1, least=0)
        samples, validation = self._split(
            samples, validation_split, validation_data, class_weight
        )
        steps = _count(
            "fit", "steps_per_epoch", steps_per_epoch, -(-len(samples) // batch_size)
        )
        validation_batch_size = _count(
            "fit", "validation_batch_size", validation_batch_size, batch_size
        )
        callbacks = self._callbacks(callbacks, verbose, epochs, steps, fitting=True)
        self._epochs(
            batches.endless(samples, batch_size, bool(shuffle)),
            steps,
            range(_count("fit", "initial_epoch", initial_epoch, 0, least=0), epochs),
            callbacks,
            validation,
            (validation_batch_size, validation_steps),
            validation_freq,
        )
        return self.model.history

    def _epochs(
        self,
        batch_stream: Iterator[Batch],
        steps: int,
        epochs: range,
        callbacks: CallbackList,
        validation: Samples | None,
        validation_size: tuple[int, int | None],
        validation_freq: int | list[int],
    ) -> None:
        model = self.model
        model.stop_training, model.interrupted = False, False
        model._initial_epoch = epochs.start
        logs: Logs | None = None
        with DeferredInterrupt() as interrupt:
            try:
                callbacks.on_train_begin()
                # A `BackupAndRestore` may have moved the start.
                for epoch in range(model._initial_epoch, epochs.stop):
                    callbacks.on_epoch_begin(epoch)
                    logs = self._epoch(batch_stream, steps, callbacks, interrupt)
                    if validation is not None and _is_due(epoch, validation_freq):
                        results = self._evaluate(
                            validation, *validation_size, callbacks, interrupt
                        )
                        logs.update({f"val_{k}": v for k, v in results.items()})
                    callbacks.on_epoch_end(epoch, logs)
                    interrupt.check()
                    if model.stop_training:
                        break
            except KeyboardInterrupt:
                model.interrupted = True
                callbacks.on_train_end(logs)
                raise
            callbacks.on_train_end(logs)

    def _epoch(
        self,
        batch_stream: Iterator[Batch],
        steps: int,
        callbacks: CallbackList,
        interrupt: DeferredInterrupt,
    ) -> Logs:
        self.reset_metrics()
        with self.workspace:
            for step in range(steps):
                callbacks.on_train_batch_begin(step)
                self.train_step(next(batch_stream))
                callbacks.on_train_batch_end(step, self.results())
                interrupt.check()
                if self.model.stop_training:
                    break
        return dict(sorted(self.results().items()))

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Logs:
        """Return loss and metrics, without changing the model."""
        samples = self._samples("evaluate", x, y, sample_weight)
        batch_size = _count("evaluate", "batch_size", batch_size, 32)
        count = _count("evaluate", "steps", steps, -(-len(samples) // batch_size))
        callbacks = self._callbacks(callbacks, verbose, 1, count)
        return self._evaluate(samples, batch_size, steps, callbacks)

    def _evaluate(
        self,
        samples: Samples,
        batch_size: int,
        steps: int | None,
        callbacks: CallbackList,
        interrupt: DeferredInterrupt | None = None,
    ) -> Logs:
        self.reset_metrics()
        callbacks.on_test_begin()
        with Workspace():
            batch_stream = batches.in_order(samples, batch_size)
            for step, batch in enumerate(itertools.islice(batch_stream, steps)):
                callbacks.on_test_batch_begin(step)
                self.test_step(batch)
                callbacks.on_test_batch_end(step, self.results())
                if interrupt is not None:
                    interrupt.check()
        callbacks.on_test_end(self.results())
        return self.results()

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> np.ndarray:
        """Return the model's output for every sample."""
        samples = self._samples("predict", x)
        batch_size = _count("predict", "batch_size", batch_size, 32)
        count = _count("predict", "steps", steps, -(-len(samples) // batch_size))
        samples = samples.part(0, count * batch_size)
        callbacks = self._callbacks(callbacks, verbose, 1, count)
        shape = self.model.output_shape
        result = np.empty((len(samples), *shape[1:]), self.model.layers[-1].dtype)
        callbacks.on_predict_begin()
        with Workspace():
            for step, batch in enumerate(batches.in_order(samples, batch_size)):
                callbacks.on_predict_batch_begin(step)
                start = step * batch_size
                output = self.model.forward(batch.x, training=False)
                result[start : start + len(batch.x)] = output
                callbacks.on_predict_batch_end(step, {})
        callbacks.on_predict_end()
        return result

    # Single steps.

    def train_on_batch(
        self,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
    ) -> Logs:
        """Take one step on one batch, and return its loss and metrics."""
        samples = self._samples("train_on_batch", x, y, sample_weight)
        if class_weight is not None:
            _apply_class_weight(samples, class_weight)
        self.reset_metrics()
        with self.workspace:
            self.train_step(samples.slice(0, len(samples)))
        return self.results()

    def test_on_batch(self, x: Any, y: Any, sample_weight: Any = None) -> Logs:
        """Return the loss and the metrics of one batch, in inference mode."""
        samples = self._samples("test_on_batch", x, y, sample_weight)
        self.reset_metrics()
        with Workspace():
            self.test_step(samples.slice(0, len(samples)))
        return self.results()

    def train_step(self, batch: Batch) -> None:
        """Forward, loss, backward, update; the running metrics take the batch in."""
        plan = self.plan()
        output = plan.forward(batch.x, training=True)
        targets, predictions, scale = self._measure(plan, batch, output)
        plan.backward(plan.head.backward(targets, output, predictions, scale))
        self.model.optimizer.apply(plan.grads, plan.params)

    def test_step(self, batch: Batch) -> None:
        """Forward and loss; the running metrics take the batch in."""
        plan = self.plan()
        self._measure(plan, batch, plan.forward(batch.x, training=False))

    def _measure(
        self, plan: rewrites.Plan, batch: Batch, output: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return dense targets, predictions, and each loss's share in the whole."""
        y, weights = batch.y, batch.sample_weight
        targets = self.model.loss.targets(y, output.shape, output.dtype)
        values, predictions = plan.head.forward(targets, output)
        scale = np.full(len(values), 1 / len(values), output.dtype)
        if weights is not None:
            values = values * weights
            scale *= weights.astype(scale.dtype)
        self.loss_metric.add(values)
        self._resolve_metrics(y)
        for metric in self.metrics:
            metric.update_state(y, predictions)
        for metric in self.weighted_metrics:
            metric.update_state(y, predictions, weights)
        return targets, predictions, scale

    # What the steps need.

    def plan(self) -> rewrites.Plan:
        """Return the plan for the model as it is now; see `scratchnet.rewrites`."""
        model = self.model
        key = (
            *((id(layer), layer.trainable) for layer in model.layers),
            id(model.loss),
            model.run_eagerly,
        )
        if self._plan is None or key != self._plan_key:
            rules = () if model.run_eagerly else rewrites.RULES
            self._plan = rewrites.Plan(model.layers, model.loss, rules)
            self._plan_key = key
        return self._plan

    def results(self) -> Logs:
        """Return the running means: loss first, then the metrics."""
        named = {"loss": self.loss_metric.result()}
        for metric in (*self.metrics, *self.weighted_metrics):
            named[metric.name] = metric.result()
        return named

    def reset_metrics(self) -> None:
        """Start the running means again."""
        for metric in (self.loss_metric, *self.metrics, *self.weighted_metrics):
            metric.reset_state()

    def _resolve_metrics(self, y: Any) -> None:
        model = self.model
        if len(self.metrics) != len(model.metric_identifiers):
            self.metrics = [
                metrics.resolve(metric, y.shape, model.output_shape)
                for metric in model.metric_identifiers
            ]
        if len(self.weighted_metrics) != len(model.weighted_metric_identifiers):
            self.weighted_metrics = [
                metrics.resolve(metric, y.shape, model.output_shape)
                for metric in model.weighted_metric_identifiers
            ]

    def _samples(
        self, who: str, x: Any, y: Any = None, sample_weight: Any = None
    ) -> Samples:
        """Check the data against the model, which is built on first sight of it."""
        model = self.model
        with_targets = who != "predict"
        if with_targets:
            model.assert_compiled(who)
        if not model.built:
            first = Samples(who, x)
            model.build((None, *first.x.shape[1:]))
        if with_targets and y is None:
            raise ValueError(f"{who}: expected targets y, received None")
        samples = Samples(
            who,
            x,
            y,
            sample_weight,
            input_shape=model.input_shape,
            dtype=model.layers[0].dtype,
        )
        if with_targets:
            assert samples.y is not None
            model.loss.check(samples.y, model.output_shape)
        return samples

    def _split(
        self,
        samples: Samples,
        validation_split: float,
        validation_data: Any,
        class_weight: dict[int, float] | None,
    ) -> tuple[Samples, Samples | None]:
        """Return the samples to train on and those to validate on."""
        fraction = arguments.fraction("fit", "validation_split", validation_split)
        validation = None
        if validation_data is not None:
            validation = self._validation_samples(validation_data)
        elif fraction:
            # The last part, before any shuffling.
            at = int(np.floor(len(samples) * (1 - fraction)))
            if at in (0, len(samples)):
                raise ValueError(
                    f"fit: validation_split={fraction} of {len(samples)} samples "
                    "leaves none to train or to validate on"
                )
            validation = samples.part(at, len(samples))
            samples = samples.part(0, at)
        if class_weight is not None:
            _apply_class_weight(samples, class_weight)
        return samples, validation

    def _validation_samples(self, data: Any) -> Samples:
        if not isinstance(data, tuple | list) or len(data) not in (2, 3):
            raise ValueError(
                "fit: expected validation_data=(x, y) or (x, y, sample_weight), "
                f"received {type(data).__name__}"
                + (f" of {len(data)}" if isinstance(data, tuple | list) else "")
            )
        return self._samples("fit: validation_data", *data)

    def _callbacks(
        self,
        callbacks: Any,
        verbose: int | str,
        epochs: int,
        steps: int,
        fitting: bool = False,
    ) -> CallbackList:
        if isinstance(callbacks, CallbackList):
            return callbacks
        verbose = 1 if verbose == "auto" else verbose
        if verbose not in (0, 1, 2):
            raise ValueError(
                f"verbose: expected 0, 1, 2 or 'auto', received {verbose!r}"
            )
        return CallbackList(
            callbacks,
            add_history=fitting,
            add_progbar=verbose != 0,
            model=self.model,
            verbose=int(verbose),
            epochs=epochs,
            steps=steps,
        )


def _apply_class_weight(samples: Samples, class_weight: dict[int, float]) -> None:
    """Give every sample the weight of its class; a class not named weighs 1."""
    if not isinstance(class_weight, dict):
        raise TypeError(
            "fit: expected class_weight={class: weight}, "
            f"received {type(class_weight).__name__}"
        )
    if samples.sample_weight is not None:
        raise ValueError("fit: expected class_weight or sample_weight, received both")
    assert samples.y is not None
    y = samples.y
    labels = y.argmax(-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
    weights = np.ones(len(y), np.float32)
    for label, weight in class_weight.items():
        if not isinstance(weight, Real) or not np.isfinite(weight):
            raise ValueError(
                f"fit: expected finite numbers in class_weight, received {weight!r} "
                f"for class {label!r}"
            )
        weights[labels == label] = weight
    samples.sample_weight = weights


def _count(who: str, name: str, value: Any, default: int, least: int = 1) -> int:
    """Return a whole number of at least ``least``; None stands for the default."""
    if value is None:
        return default
    if least == 0 and not isinstance(value, bool) and value == 0:
        return 0
    return arguments.positive_int(who, name, value)


def _is_due(epoch: int, validation_freq: int | list[int]) -> bool:
    """Tell whether to validate after an epoch (0-based); a list names 1-based ones."""
    if isinstance(validation_freq, int | np.integer):
        every = arguments.positive_int("fit", "validation_freq", validation_freq)
        return (epoch + 1) % every == 0
    return epoch + 1 in validation_freq
