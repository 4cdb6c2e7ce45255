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
import warnings
from collections.abc import Iterator
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet import kernels, metrics
from scratchnet import plan as rewrites
from scratchnet.callbacks.callback_list import CallbackList
from scratchnet.callbacks.history import History
from scratchnet.foundation import arguments
from scratchnet.foundation.interrupt import DeferredInterrupt
from scratchnet.foundation.workspace import Workspace
from scratchnet.models import batches
from scratchnet.models.batches import Batch, Samples

if TYPE_CHECKING:
    from scratchnet.foundation.shapes import Shape
    from scratchnet.models.sequential import Sequential

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
        self._plans: dict[int, tuple[Any, rewrites.Plan]] = {}
        self._metrics_key: Any = None

    # The loop.

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
        """Train for a number of epochs; see `Sequential.fit`."""
        samples = self._samples("fit", x, y, sample_weight)
        batch_size = _count("fit", "batch_size", batch_size, 32)
        epochs = _count("fit", "epochs", epochs, 1, least=0)
        samples, validation = self._split(
            samples, validation_split, validation_data, class_weight
        )
        shuffle = _flag("fit", "shuffle", shuffle)
        steps = _count("fit", "steps_per_epoch", steps_per_epoch, None)
        start = _count("fit", "initial_epoch", initial_epoch, 0, least=0)
        validation_batch_size = _count(
            "fit", "validation_batch_size", validation_batch_size, batch_size
        )
        validation_steps = _count("fit", "validation_steps", validation_steps, None)
        _check_frequency(validation_freq)
        callbacks = self._callbacks(
            callbacks,
            verbose,
            epochs,
            steps or batches.count(samples, batch_size),
            fitting=True,
        )
        samples.check_finite()
        samples.scale = self.plan().input_scale
        if validation is not None:
            validation.check_finite()
            available = batches.count(validation, validation_batch_size)
            validation_steps = _steps("fit: validation", validation_steps, available)
        position = batches.Position(len(samples), batch_size)
        self.model._position = position
        self._epochs(
            batches.epochs(samples, batch_size, steps, shuffle, position),
            range(start, epochs),
            callbacks,
            validation,
            (validation_batch_size, validation_steps),
            validation_freq,
        )
        assert self.model.history is not None
        return self.model.history

    def _epochs(
        self,
        epoch_stream: Iterator[Iterator[Batch]],
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
        workspace = Workspace()
        with DeferredInterrupt() as interrupt:
            try:
                callbacks.on_train_begin()
                # A `BackupAndRestore` may have moved the start, and the position.
                for epoch in range(model._initial_epoch, epochs.stop):
                    callbacks.on_epoch_begin(epoch)
                    logs = self._epoch(
                        *(next(epoch_stream), callbacks, workspace, interrupt)
                    )
                    if validation is not None and _is_due(epoch, validation_freq):
                        results = self._evaluate(
                            *(validation, *validation_size, callbacks),
                            *(workspace, interrupt),
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
        callbacks: CallbackList,
        workspace: Workspace,
        interrupt: DeferredInterrupt,
    ) -> Logs:
        self.reset_metrics()
        for step in itertools.count():
            # Callbacks stay outside, so that what they compute lies in other memory.
            with workspace:
                batch = next(batch_stream, None)
            if batch is None:
                break
            callbacks.on_train_batch_begin(step)
            with workspace:
                self.train_step(batch)
            callbacks.on_train_batch_end(step, self.results())
            interrupt.check()
            if self.model.stop_training:
                break
        return self.results()

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
        steps = _steps("evaluate", steps, batches.count(samples, batch_size))
        callbacks = self._callbacks(callbacks, verbose, 1, steps)
        return self._evaluate(samples, batch_size, steps, callbacks, Workspace())

    def _evaluate(
        self,
        samples: Samples,
        batch_size: int,
        steps: int | None,
        callbacks: CallbackList,
        workspace: Workspace,
        interrupt: DeferredInterrupt | None = None,
    ) -> Logs:
        self.reset_metrics()
        samples.scale = self.plan().input_scale
        callbacks.on_test_begin()
        starts = range(0, len(samples), batch_size)
        for step, start in enumerate(starts[:steps]):
            callbacks.on_test_batch_begin(step)
            with workspace:
                self.test_step(samples.slice(start, start + batch_size))
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
        steps = _steps("predict", steps, batches.count(samples, batch_size))
        samples = samples.part(0, steps * batch_size)
        samples.scale = self.inference_plan().input_scale
        callbacks = self._callbacks(callbacks, verbose, 1, steps)
        shape = (len(samples), *(n or 0 for n in self.model.output_shape[1:]))
        result = np.empty(shape, self.model.layers[-1].dtype)
        callbacks.on_predict_begin()
        workspace = Workspace()
        for step in range(steps):
            callbacks.on_predict_batch_begin(step)
            start = step * batch_size
            outputs = result[start : start + batch_size]
            with workspace:
                outputs[...] = self.predict_step(
                    samples.slice(start, start + batch_size)
                )
            callbacks.on_predict_batch_end(step, {"outputs": outputs})
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
        output = plan.forward(batch.x, training=True, scaled=batch.scaled)
        targets, predictions, scale = self._measure(plan, batch, output)
        plan.backward(plan.head.backward(targets, output, predictions, scale))
        assert self.model.optimizer is not None
        self.model.optimizer.apply(plan.grads, plan.params)

    def test_step(self, batch: Batch) -> None:
        """Forward and loss; the running metrics take the batch in."""
        plan = self.plan()
        output = plan.forward(batch.x, training=False, scaled=batch.scaled)
        self._measure(plan, batch, output)

    def predict_step(self, batch: Batch) -> np.ndarray:
        """Forward; the output lies in the workspace, where the next step overwrites it.

        >>> import numpy as np, scratchnet as keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.ReLU()])
        >>> model.trainer.predict_step(Batch(np.float32([[-1, 2]]), None, None))
        array([[0., 2.]], dtype=float32)
        """
        plan = self.inference_plan()
        return plan.forward(batch.x, training=False, scaled=batch.scaled)

    def _measure(
        self, plan: rewrites.Plan, batch: Batch, output: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return dense targets, predictions, and each loss's share in the whole."""
        y, weights = batch.y, batch.sample_weight
        assert y is not None
        targets = self.model.loss.targets(y, output.shape, output.dtype)
        values, predictions = plan.head.forward(targets, output)
        scale = np.full(len(values), 1 / len(values), output.dtype)
        if weights is not None:
            values = values * weights
            scale *= weights.astype(scale.dtype)
        self.loss_metric.add(values)
        self._resolve_metrics(y, output.shape)
        for metric in self.metrics:
            metric.update_state(y, _for_metric(metric, predictions))
        for metric in self.weighted_metrics:
            metric.update_state(y, _for_metric(metric, predictions), weights)
        return targets, predictions, scale

    # What the steps need.

    def plan(self) -> rewrites.Plan:
        """Return the plan for the model as it is now; see `scratchnet.plan`."""
        return self._planned(self.model.loss, rewrites.RULES)

    def inference_plan(self) -> rewrites.Plan:
        """Return the plan of `predict`: no loss, and the model's own output."""
        return self._planned(None, rewrites.INFERENCE_RULES)

    def _planned(self, loss: Any, rules: tuple[Any, ...]) -> rewrites.Plan:
        model = self.model
        key = (
            [id(layer) for layer in model.layers],
            [layer.trainable for layer in model.layers],
            [getattr(layer, "activation", None) for layer in model.layers],
            model.trainable,
            id(loss),
            model.run_eagerly,
            kernels.get_rung(),
        )
        known = self._plans.get(id(loss))
        if known is None or known[0] != key:
            own = () if model.run_eagerly else rules
            plan = rewrites.Plan(model.layers, loss, own, trainable=model.trainable)
            known = key, plan
            self._plans[id(loss)] = known
        return known[1]

    def results(self) -> Logs:
        """Return the running means: loss, metrics, weighted metrics.

        A weighted metric with the name of another is called ``weighted_accuracy``;
        what still has the same name is numbered.
        """
        named = {"loss": self.loss_metric.result()}
        for metric in self.metrics:
            named[_free_name(metric.name, named)] = metric.result()
        for metric in self.weighted_metrics:
            name = (
                metric.name if metric.name not in named else f"weighted_{metric.name}"
            )
            named[_free_name(name, named)] = metric.result()
        return named

    def reset_metrics(self) -> None:
        """Start the running means again."""
        for metric in (self.loss_metric, *self.metrics, *self.weighted_metrics):
            metric.reset_state()

    def _resolve_metrics(self, y: np.ndarray, output_shape: Shape) -> None:
        """Find out, by the first targets, what the metrics' names stand for."""
        wanted = (self.model.metric_identifiers, self.model.weighted_metric_identifiers)
        if self._metrics_key == wanted:
            return
        self.metrics, self.weighted_metrics = (
            [metrics.resolve(one, y.shape, output_shape) for one in identifiers]
            for identifiers in wanted
        )
        self._metrics_key = wanted

    def _samples(
        self, who: str, x: Any, y: Any = None, sample_weight: Any = None
    ) -> Samples:
        """Check the data against the model, which is built on first sight of it."""
        model = self.model
        with_targets = who != "predict"
        if with_targets:
            model.assert_compiled(who)
            if y is None and isinstance(x, tuple):
                raise TypeError(
                    f"{who}: expected x and y as two arrays, received a tuple of "
                    f"{len(x)} as x and no y; call {who}(x, y)"
                )
        samples = Samples(
            who,
            x,
            y,
            sample_weight,
            input_shape=model.input_shape if model.built else None,
            dtype=model.layers[0].dtype if model.layers else None,
        )
        if with_targets and samples.y is None:
            raise ValueError(f"{who}: expected targets y, received None")
        input_shape = (None, *samples.x.shape[1:])
        if samples.y is not None:
            output_shape = model.compute_output_shape(input_shape)
            model.loss.check(samples.y, output_shape)
            self._resolve_metrics(samples.y, output_shape)
        if not model.built:
            model.build(input_shape)
        return samples

    def _split(
        self,
        samples: Samples,
        validation_split: float | None,
        validation_data: Any,
        class_weight: dict[int, float] | None,
    ) -> tuple[Samples, Samples | None]:
        """Return the samples to train on and those to validate on."""
        if validation_split is None:
            validation_split = 0.0
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
        verbose = 1 if verbose == "auto" else verbose
        if verbose not in (0, 1, 2):
            raise ValueError(
                f"verbose: expected 0, 1, 2 or 'auto', received {verbose!r}"
            )
        params = {"verbose": int(verbose), "epochs": epochs, "steps": steps}
        if isinstance(callbacks, CallbackList):
            if fitting:
                callbacks.complete(self.model, **params)
            return callbacks
        return CallbackList(
            callbacks,
            add_history=fitting,
            add_progbar=verbose != 0,
            model=self.model,
            **params,
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
        numbers = isinstance(label, Real) and isinstance(weight, Real)
        if not numbers or not np.isfinite(weight):
            raise ValueError(
                "fit: expected class_weight of whole numbers and finite weights, "
                f"received {label!r}: {weight!r}"
            )
        weights[labels == label] = weight
    samples.sample_weight = weights


def _free_name(name: str, taken: Logs) -> str:
    names = itertools.chain([name], (f"{name}_{n}" for n in itertools.count(1)))
    return next(free for free in names if free not in taken)


def _count(who: str, name: str, value: Any, default: Any, least: int = 1) -> Any:
    """Return a whole number of at least ``least``; None stands for the default."""
    if value is None:
        return default
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(
            f"{who}: expected a whole number of at least {least} for {name}, "
            f"received {value!r}"
        )
    return int(value)


def _steps(who: str, steps: Any, available: int) -> int:
    """Return how many batches to run, at most those that there are."""
    steps = _count(who, "steps", steps, available)
    if steps > available:
        warnings.warn(
            f"{who}: {steps} steps end after {available}, where the samples do",
            stacklevel=4,
        )
    return min(steps, available)


def _flag(who: str, name: str, value: Any) -> bool:
    if not isinstance(value, bool | np.bool_ | int) or value not in (0, 1):
        raise ValueError(
            f"{who}: expected {name} to be True or False, received {value!r}"
        )
    return bool(value)


def _check_frequency(validation_freq: Any) -> None:
    """Require a positive whole number, or a collection of them."""
    collection = isinstance(validation_freq, list | tuple | set | frozenset)
    for epoch in validation_freq if collection else [validation_freq]:
        arguments.positive_int("fit", "validation_freq", epoch)


def _for_metric(metric: metrics.Metric, predictions: np.ndarray) -> np.ndarray:
    """Return what a metric may keep: the next batch overwrites the model's output."""
    own = type(metric) in metrics.ALL.values()
    return predictions if own else predictions.copy()


def _is_due(epoch: int, validation_freq: int | list[int]) -> bool:
    """Tell whether to validate after an epoch (0-based); a list names 1-based ones."""
    if isinstance(validation_freq, int | np.integer):
        return (epoch + 1) % int(validation_freq) == 0
    return epoch + 1 in validation_freq
