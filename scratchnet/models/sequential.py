"""The model: a stack of layers with Keras's methods."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet import losses, metrics, optimizers, saving
from scratchnet.callbacks.history import History
from scratchnet.foundation import lookup, naming, random
from scratchnet.foundation.shapes import Shape
from scratchnet.foundation.subset import missing, refuse
from scratchnet.foundation.workspace import Workspace
from scratchnet.layers import layer as layer_module
from scratchnet.layers.input_layer import InputLayer
from scratchnet.layers.layer import Layer, copy_weights
from scratchnet.models import summary
from scratchnet.models.batches import Position, Samples
from scratchnet.models.trainer import Trainer
from scratchnet.saving import serialization

# Keras's public names that a model of scratchnet's has not.
OUTSIDE = layer_module.OUTSIDE | frozenset(
    """
    compiled_loss compiled_metrics compute_loss compute_metrics
    distribute_reduction_method distribute_strategy dtype export get_metrics_result
    get_quantization_layer_structure get_state_tree inputs jit_compile
    make_predict_function make_test_function make_train_function outputs predict_step
    set_state_tree stateless_compute_loss test_step train_step
    """.split()
)


class Sequential:
    """A stack of layers, each fed with the output of the one before.

    Args:
        layers: the layers, bottom first; an `Input` may come before them. Without
            one, and without ``input_shape=`` in the first layer, the model is built
            when it meets its first data.
        trainable: whether the optimizer may change any of it; see the property.
        name: by default ``sequential`` with a number.

    Reference: `keras/src/models/sequential.py`.

    >>> from scratchnet import Input, layers
    >>> model = Sequential([Input((4,)), layers.Dense(2, activation="softmax")])
    >>> model.output_shape, model.count_params()
    ((None, 2), 10)
    """

    def __init__(
        self,
        layers: Iterable[Layer] | Layer | None = None,
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        """Add the layers one by one."""
        self.name = naming.check(name) if name else naming.unique(type(self))
        self._trainable = bool(trainable)
        self.layers: list[Layer] = []
        self._input: InputLayer | None = None
        self.optimizer: optimizers.Optimizer | None = None
        self.loss: Any = None
        self.metric_identifiers: list[Any] = []
        self.weighted_metric_identifiers: list[Any] = []
        self.run_eagerly = False
        self.history: History | None = None
        self.stop_training = False
        self.interrupted = False
        self._initial_epoch = 0
        self._position: Position | None = None
        self._trainer: Trainer | None = None
        taken: set[str] = set()
        for layer in [layers] if isinstance(layers, Layer) else layers or []:
            self._add(layer, taken)

    # Building.

    def add(self, layer: Layer, rebuild: bool = True) -> None:
        """Put a layer on top.

        Args:
            layer: a `Layer` with a name of its own.
            rebuild: accepted for Keras's sake.

        Raises:
            TypeError: it is no layer.
            ValueError: the name is taken, or it is a second input.
        """
        self._add(layer, {other.name for other in self.layers})

    def _add(self, layer: Layer, taken: set[str]) -> None:
        """Put a layer on top whose name is not taken, and take it."""
        if not isinstance(layer, Layer):
            hint = ""
            if isinstance(layer, type) and issubclass(layer, Layer):
                hint = f"; did you mean {layer.__name__}(...)?"
            raise TypeError(
                f"Sequential '{self.name}': expected a layer, received {layer!r}{hint}"
            )
        if isinstance(layer, InputLayer):
            if self._input is not None or self.layers:
                raise ValueError(
                    f"Sequential '{self.name}': expected the Input before all other "
                    f"layers, received {layer.label} after them"
                )
            self._input = layer
            return
        if layer.name in taken:
            raise ValueError(
                f"Sequential '{self.name}': expected layers with different names, "
                f"received a second '{layer.name}'"
            )
        source, shape = self._input, layer.input_shape_argument
        if not self.layers and source is None and shape is not None:
            source = InputLayer(shape=shape, dtype=layer.dtype)
        if source is not None:
            # From the first layer on, so that a misfit is reported where it is made.
            below = self._top_shape() if self.layers else source.batch_shape
            _output_shape(layer, below)
            layer.ensure_built(below)
        self._input = source
        self.layers.append(layer)
        taken.add(layer.name)

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the topmost layer off and return it.

        Args:
            rebuild: accepted for Keras's sake.

        Raises:
            IndexError: there is none.
        """
        if not self.layers:
            raise IndexError(f"Sequential '{self.name}': there is no layer to pop")
        return self.layers.pop()

    def build(self, input_shape: Any = None) -> None:
        """Allocate the weights of all layers.

        Args:
            input_shape: shape of a batch, its size (None) first; needed where there
                is no `Input`.

        Raises:
            ValueError: no shape is known, it is another one than before, a layer
                can't take what comes to it, or there are no layers.
        """
        known = None if self._input is None else self._input.batch_shape
        if input_shape is None:
            input_shape = known
        if not isinstance(input_shape, tuple | list) or not input_shape:
            raise ValueError(
                f"Sequential '{self.name}': build needs input_shape=(None, ...), a "
                "first layer with input_shape= or an Input, "
                f"received {input_shape!r}"
            )
        shape: Shape = (None, *input_shape[1:])
        if known is not None and shape != known:
            raise ValueError(
                f"Sequential '{self.name}': expected the input shape {known} that the "
                f"model was made for, received {tuple(input_shape)}"
            )
        self.compute_output_shape(shape)
        source = self._input
        if source is None:
            source = InputLayer(batch_shape=shape, dtype=self.layers[0].dtype)
        for layer in self.layers:
            layer.ensure_built(shape, random.stream("initialisation"))
            assert layer.output_shape is not None
            shape = layer.output_shape
        self._input = source

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the output's shape for an input's, the batch's size first.

        Raises:
            ValueError: a layer can't take what comes to it, or there are no layers.
        """
        if not self.layers:
            raise ValueError(f"Sequential '{self.name}': expected at least one layer")
        shape: Shape = tuple(input_shape)
        for layer in self.layers:
            shape = _output_shape(layer, shape)
        return shape

    def _top_shape(self) -> Shape:
        if self.layers:
            assert self.layers[-1].output_shape is not None
            return self.layers[-1].output_shape
        assert self._input is not None
        return self._input.batch_shape

    @property
    def built(self) -> bool:
        """Whether all weights are there."""
        return bool(self.layers) and all(layer.built for layer in self.layers)

    @property
    def input_shape(self) -> Shape:
        """Shape of the input, None for the batch's size.

        Raises:
            AttributeError: the model is not built.
        """
        if self._input is None:
            raise AttributeError(f"Sequential '{self.name}' has no input shape yet")
        return self._input.batch_shape

    @property
    def output_shape(self) -> Shape:
        """Shape of the output, None for the batch's size.

        Raises:
            AttributeError: the model is not built.
        """
        if not self.built:
            raise AttributeError(f"Sequential '{self.name}' has no output shape yet")
        return self._top_shape()

    @property
    def trainable(self) -> bool:
        """Whether the model may learn: what was last set here, whatever its layers say.

        Setting it sets it for all layers, too. A layer learns if both may: one that is
        set to True in a model that is set to False stays as it is, and a layer added
        to such a model keeps its own setting, which is without effect. As in Keras,
        `from_config` and files keep what is set for the layers, not this.
        """
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in self.layers:
            layer.trainable = bool(value)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name or its index.

        Raises:
            ValueError: neither or both are given, or there is no such layer.
        """
        if (name is None) == (index is None):
            raise ValueError(
                "get_layer: expected either a name or an index, "
                f"received name={name!r}, index={index!r}"
            )
        names = [layer.name for layer in self.layers]
        if index is not None:
            whole = isinstance(index, int | np.integer)
            if not whole or not -len(names) <= index < len(names):
                raise ValueError(
                    f"get_layer: expected an index below {len(names)}, received {index}"
                )
            return self.layers[index]
        if name not in names:
            raise ValueError(f"get_layer: expected one of {names}, received {name!r}")
        return self.layers[names.index(name)]

    def count_params(self) -> int:
        """Return the number of values in all weights, moving statistics included.

        Raises:
            ValueError: the model is not built.
        """
        if not self.built:
            raise ValueError(
                f"Sequential '{self.name}': count_params needs a built model; "
                "call build(input_shape) first"
            )
        return sum(layer.count_params() for layer in self.layers)

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print a table of the layers, their output shapes and parameters.

        Args:
            line_length: width of the table in characters.
            positions: outside the subset.
            print_fn: what to print with.
            expand_nested: outside the subset.
            show_trainable: whether a column tells which layers learn.
            layer_range: outside the subset.
        """
        refuse(
            "summary",
            positions=(positions, None),
            expand_nested=(expand_nested, False),
            layer_range=(layer_range, None),
        )
        table = summary.text(self, line_length, show_trainable)
        if print_fn is None:
            print(table)
        else:
            print_fn(table + "\n")

    @property
    def weights(self) -> list[np.ndarray]:
        """The weights of all layers themselves, in Keras's order: live arrays."""
        return [weight for layer in self.layers for weight in layer.weights]

    @property
    def trainable_weights(self) -> list[np.ndarray]:
        """Those of `weights` that the optimizer may change."""
        return list(self.trainable_params.values())

    @property
    def non_trainable_weights(self) -> list[np.ndarray]:
        """Those of `weights` that it may not."""
        learnt = {id(weight) for weight in self.trainable_weights}
        return [weight for weight in self.weights if id(weight) not in learnt]

    @property
    def trainable_params(self) -> dict[str, np.ndarray]:
        """Path → parameter, such as ``dense/kernel``, of all layers that learn."""
        return {
            f"{layer.name}/{name}": param
            for layer in (self.layers if self.trainable else [])
            for name, param in layer.trainable_params.items()
        }

    # Running.

    def __call__(self, inputs: Any, training: bool = False) -> np.ndarray:
        """Return the output for one batch."""
        who = f"Sequential '{self.name}'"
        shape = self.input_shape if self.built else None
        samples = Samples(who, inputs, input_shape=shape)
        if not self.built:
            self.build((None, *samples.x.shape[1:]))
        with Workspace():
            return self.forward(samples.x, training=bool(training)).copy()

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Run all layers on a batch in the model's dtype."""
        for layer in self.layers:
            x = layer.forward(layer.cast(x), training=training)
        return x

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: str | bool | None = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how to train: optimizer, loss and metrics, by name or as objects.

        Args:
            optimizer: ``"adam"``, ``"sgd"`` or an `optimizers.Optimizer`. Keras's
                default, RMSprop, is outside the subset: name one.
            loss: ``"categorical_crossentropy"``, ``"mse"`` … or a `losses.Loss`.
            loss_weights: outside the subset.
            metrics: a list of names or `metrics.Metric` objects.
            weighted_metrics: the same, with sample weights taken into account.
            run_eagerly: True runs plain layers, without `scratchnet.plan`.
            steps_per_execution: outside the subset beyond 1.
            jit_compile: outside the subset: kernels are always compiled.
            auto_scale_loss: outside the subset.

        Raises:
            ValueError: a name is unknown.
            TypeError: something is neither a name nor an object of its kind.
        """
        refuse(
            "compile",
            loss_weights=(loss_weights, None),
            steps_per_execution=(steps_per_execution, 1),
            jit_compile=(jit_compile, "auto"),
            auto_scale_loss=(auto_scale_loss, True),
        )
        found_optimizer, found_loss = optimizers.get(optimizer), losses.get(loss)
        plain, weighted = _metric_list(metrics), _metric_list(weighted_metrics)
        self.optimizer, self.loss = found_optimizer, found_loss
        self.metric_identifiers, self.weighted_metric_identifiers = plain, weighted
        self.run_eagerly = bool(run_eagerly)
        self._trainer = None

    def assert_compiled(self, who: str) -> None:
        """Require `compile` to have been called.

        Raises:
            RuntimeError: it was not.
        """
        if self.optimizer is None:
            raise RuntimeError(
                f"{who}: call compile(optimizer, loss) on Sequential '{self.name}' "
                "first"
            )

    @property
    def metrics_names(self) -> list[str]:
        """What Keras 3 says: ``loss`` and, for all metrics, ``compile_metrics``."""
        if self.optimizer is None:
            return []
        more = self.metric_identifiers or self.weighted_metric_identifiers
        return ["loss", "compile_metrics"] if more else ["loss"]

    def reset_metrics(self) -> None:
        """Start the running means of loss and metrics again."""
        self.trainer.reset_metrics()

    @property
    def trainer(self) -> Trainer:
        """The `Trainer` that runs this model."""
        if self._trainer is None:
            self._trainer = Trainer(self)
        return self._trainer

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
        return self.trainer.fit(
            x,
            y,
            batch_size,
            epochs,
            verbose,
            callbacks,
            validation_split,
            validation_data,
            shuffle,
            class_weight,
            sample_weight,
            initial_epoch,
            steps_per_epoch,
            validation_steps,
            validation_batch_size,
            validation_freq,
        )

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
        logs = self.trainer.evaluate(
            x, y, batch_size, verbose, sample_weight, steps, callbacks
        )
        return dict(sorted(logs.items())) if return_dict else _flat(logs)

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
        return self.trainer.predict(x, batch_size, verbose, steps, callbacks)

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
        logs = self.trainer.train_on_batch(x, y, sample_weight, class_weight)
        return dict(sorted(logs.items())) if return_dict else _flat(logs)

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
        logs = self.trainer.test_on_batch(x, y, sample_weight)
        return dict(sorted(logs.items())) if return_dict else _flat(logs)

    def predict_on_batch(self, x: Any) -> np.ndarray:
        """Return the output for one batch, in inference mode."""
        return self(x)

    # Weights and configuration.

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of all weights, layer by layer, in Keras's order."""
        return [weight for layer in self.layers for weight in layer.get_weights()]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Overwrite all weights; all are checked before any is changed.

        Raises:
            ValueError: their number or a shape differs, or the model is not built.
            TypeError: they are no list.
        """
        if not self.built:
            raise ValueError(
                f"Sequential '{self.name}': set_weights needs a built model; "
                "call build(input_shape) first"
            )
        if not isinstance(weights, list | tuple):
            raise TypeError(
                f"Sequential '{self.name}': expected a list of weights, "
                f"received {weights!r}"
            )
        own = {
            f"{layer.name}/{name}": weight
            for layer in self.layers
            for name, weight in layer.named_weights.items()
        }
        copy_weights(f"Sequential '{self.name}'", own, weights)

    def save_weights(
        self, filepath: Any, overwrite: bool = True, max_shard_size: Any = None
    ) -> None:
        """Write the weights to ``.npz`` or ``.weights.h5``; see `checkpoint`.

        Args:
            filepath: the file's name.
            overwrite: replace a file of that name.
            max_shard_size: outside the subset.
        """
        refuse("save_weights", max_shard_size=(max_shard_size, None))
        saving.save_weights(self, filepath, overwrite=overwrite)

    def load_weights(
        self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any
    ) -> None:
        """Read the weights in an ``.npz``, ``.weights.h5`` or ``.keras`` file.

        Args:
            filepath: the file's name.
            skip_mismatch: outside the subset: all weights are read or none.
            **kwargs: Keras's ``objects_to_skip`` and ``by_name``, at their default.
        """
        refuse("load_weights", skip_mismatch=(skip_mismatch, False))
        _refuse_more("load_weights", kwargs, {"objects_to_skip": None, "by_name": None})
        saving.load_weights(self, filepath)

    def save(
        self,
        filepath: Any,
        overwrite: bool = True,
        zipped: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Write architecture, weights and optimizer to a ``.keras`` file.

        `models.load_model` makes the model again, and so does Keras's: compiled, and
        ready to go on training. Dropout's masks start anew, as in Keras. Keras asks at
        the keyboard when ``overwrite`` is False; here it is an error.

        Args:
            filepath: a name that ends in ``.keras``.
            overwrite: replace a file of that name.
            zipped: outside the subset: files are zip archives.
            **kwargs: Keras's ``include_optimizer``, at its default.

        Raises:
            CheckpointError: the file can't be written or is there already, a weight
                isn't finite, or the model holds what Keras has not: a layer, loss or
                metric of the user's own, or the ``label_smoothing`` of
                `SparseCategoricalCrossentropy`.
            ValueError: the name has another ending, or the model is not built.
            ImportError: h5py is not installed.

        Reference: `keras/src/saving/saving_api.py` (save_model).
        """
        refuse("save", zipped=(zipped, None))
        _refuse_more("save", kwargs, {"include_optimizer": True})
        saving.save_model(self, filepath, overwrite=overwrite)

    def get_config(self) -> dict[str, Any]:
        """Return the architecture as plain data in Keras's form, without weights."""
        entries = [*([self._input] if self._input else []), *self.layers]
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "layers": [lookup.describe(layer) for layer in entries],
        }
        if self._input is not None:
            config["build_input_shape"] = self._input.batch_shape
        return config

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None
    ) -> Sequential:
        """Make a model, with fresh weights, from what `get_config` returned.

        Keras's own configurations do as well. No name in them is looked up anywhere
        but among scratchnet's classes.

        Args:
            config: the configuration.
            custom_objects: outside the subset.

        Raises:
            ValueError: a layer is none of scratchnet's, or has unknown entries.
            NotImplementedError: a layer has settings outside the subset.
        """
        refuse("from_config", custom_objects=(custom_objects, None))
        config = serialization.plain(config, "model")
        return cls._assemble(serialization.make_layers(config), config)

    @classmethod
    def _assemble(cls, layers: list[Layer], config: dict[str, Any]) -> Sequential:
        """Make a model of layers made from its configuration."""
        model = cls(layers, name=config.get("name"))
        if not model.built and config.get("build_input_shape"):
            model.build(config["build_input_shape"])
        return model

    def get_compile_config(self) -> dict[str, Any]:
        """Return `compile`'s arguments as plain data; nothing if not compiled."""
        if self.optimizer is None:
            return {}
        identifiers = self.metric_identifiers, self.weighted_metric_identifiers
        plain, weighted = (
            [metrics.describe(one) for one in some] for some in identifiers
        )
        return {
            "optimizer": lookup.describe(self.optimizer),
            "loss": lookup.describe(self.loss),
            "metrics": plain or None,
            "weighted_metrics": weighted or None,
            "run_eagerly": self.run_eagerly,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as `get_compile_config` says; Keras's own form does as well.

        ``jit_compile`` is passed over: it is about speed, and differs by machine.

        Raises:
            ValueError: optimizer, loss or a metric is none of scratchnet's.
            NotImplementedError: one has settings outside the subset.
        """
        arguments = serialization.plain(config, "compile")
        arguments.pop("jit_compile", None)
        self.compile(**arguments)

    def to_json(self, **kwargs: Any) -> str:
        """Return `get_config` and `get_compile_config` as JSON.

        `models.model_from_json` makes the model again, with fresh weights.

        Args:
            **kwargs: for `json.dumps`.
        """
        return json.dumps(serialization.record(self), **kwargs)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say what of Keras's is outside the subset."""
            return missing(self, name, OUTSIDE)


def _output_shape(layer: Layer, input_shape: Shape) -> Shape:
    """Return what a layer makes of a shape; it may have been built for another one."""
    if layer.built:
        layer.check_input(input_shape)
    return layer.compute_output_shape(input_shape)


def _refuse_more(who: str, received: dict[str, Any], defaults: dict[str, Any]) -> None:
    """Accept what Keras takes as ``**kwargs`` at its defaults."""
    for name, value in received.items():
        if name not in defaults:
            raise TypeError(f"{who}: there is no argument '{name}'")
        refuse(who, **{name: (value, defaults[name])})


def _flat(logs: dict[str, float]) -> float | list[float]:
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


def _metric_list(identifiers: Any) -> list[Any]:
    if identifiers is None:
        return []
    if isinstance(identifiers, dict):
        raise TypeError(f"compile: expected a list of metrics, received {identifiers}")
    if not isinstance(identifiers, list | tuple):
        identifiers = [identifiers]
    return [metrics.check(identifier) for identifier in identifiers]
