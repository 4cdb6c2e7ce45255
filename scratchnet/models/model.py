"""Models: graphs of layers."""

from __future__ import annotations

import json
from collections.abc import Callable
from operator import itemgetter
from typing import Any

import numpy as np

from scratchnet import metrics, saving
from scratchnet.foundation import lookup, naming
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.foundation.tensor import as_tensor
from scratchnet.foundation.workspace import Workspace
from scratchnet.layers.input_layer import InputLayer
from scratchnet.layers.keras_tensor import is_symbolic
from scratchnet.layers.layer import Layer, copy_weights
from scratchnet.models import graph, summary
from scratchnet.models.batches import Samples
from scratchnet.models.graph import every_layer
from scratchnet.models.trainer import Trainer
from scratchnet.plan import Plan
from scratchnet.saving import serialization


class Model(Trainer, Layer):
    """A graph of layers, from one input to one output.

    A model is a layer itself, so models can be parts of models.

    Args:
        inputs: what `Input` returned, or a layer, to begin there.
        outputs: what layers made of it.
        trainable: whether the optimizer may change any of it; see the property.
        name: by default ``functional`` with a number.

    Raises:
        TypeError: inputs or outputs are something else.
        ValueError: the outputs don't come from the inputs, or two layers have one name.
        NotImplementedError: there are several inputs or outputs.

    Reference: `keras/src/models/model.py`, `keras/src/models/functional.py`.

    >>> from scratchnet import Input, layers
    >>> x = Input((4,))
    >>> y = layers.Dense(4, activation="relu")(x)
    >>> model = Model(x, layers.Dense(2)(layers.Add()([x, y])))
    >>> model.output_shape, model.count_params()
    ((None, 2), 30)
    """

    keras_module = serialization.FUNCTIONAL
    _source: InputLayer | None

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        start, end = graph.only("inputs", inputs), graph.only("outputs", outputs)
        self._begin(trainable, name)
        source = start.layer
        if start.inputs:  # the graph begins at a layer of another one
            source = InputLayer(batch_shape=start.shape, dtype=start.dtype)
        self._source = source
        self._nodes = graph.nodes_between(self.label, start, end, source)
        self._require_different_names()

    def _begin(self, trainable: bool, name: str | None) -> None:
        """Start what every kind of model has."""
        Trainer.__init__(self)
        self.name = naming.check(name) if name else naming.unique(self.class_name)
        self._trainable = bool(trainable)
        self._source = None
        self._cache: Any = None
        self.input_shape_argument = None

    def _require_different_names(self) -> None:
        taken: set[str] = set()
        for layer in self.layers:
            if layer.name in taken:
                raise ValueError(
                    f"{self.label}: expected layers with different names, received a "
                    f"second '{layer.name}'"
                )
            taken.add(layer.name)

    # The graph.

    @property
    def has_input(self) -> bool:
        """Whether the shape of the input is known."""
        return self._source is not None

    @property
    def nodes(self) -> list[graph.Node]:
        """The layers, each after those that it reads; the last makes the output."""
        return self._nodes

    @property
    def class_name(self) -> str:
        """``Functional`` for a graph, as Keras calls it; else the class's name."""
        return "Functional" if type(self) is Model else type(self).__name__

    @property
    def layers(self) -> list[Layer]:
        """The layers, each once, bottom first; the list is a copy."""
        return list({id(node.layer): node.layer for node in self.nodes}.values())

    @property
    def dtype(self) -> np.dtype:  # type: ignore[override]
        """The dtype that inputs are cast to: that of the first layer."""
        first = [node.layer for node in self.nodes if node.layer is not self._source]
        return first[0].dtype if first else np.dtype(np.float32)

    @property
    def built(self) -> bool:  # type: ignore[override]
        """Whether all weights are there."""
        nodes = self.nodes
        return bool(nodes) and all(node.layer.built for node in nodes)

    @property
    def input_shape(self) -> Shape:
        """Shape of the input, None for the batch's size.

        Raises:
            AttributeError: the model is not built.
        """
        if self._source is None:
            raise AttributeError(f"{self.label} has no input shape yet")
        return self._source.batch_shape

    @property
    def output_shape(self) -> Shape:
        """Shape of the output, None for the batch's size.

        Raises:
            AttributeError: the model is not built.
        """
        if not self.built:
            raise AttributeError(f"{self.label} has no output shape yet")
        return self.nodes[-1].layer.output_shape

    def build(
        self, input_shape: Any = None, rng: np.random.Generator | None = None
    ) -> None:
        """Allocate the weights of all layers.

        Args:
            input_shape: shape of a batch, its size (None) first; needed where there
                is no `Input`.
            rng: source of the initial values; by default the stream ``initialisation``.

        Raises:
            ValueError: no shape is known, it is another one than before, a layer
                can't take what comes to it, or there are no layers.
        """
        shape = self._shape_to_build(input_shape)
        self.compute_output_shape(shape)  # complains before anything is allocated
        source = self._source
        if source is None:
            source = InputLayer(batch_shape=shape, dtype=self.dtype)
        shapes: list[Any] = [shape]
        for layer, inputs in self.nodes:
            layer.ensure_built(graph.read(shapes, inputs), rng)
            shapes.append(layer.output_shape)
        self._source = source

    def _shape_to_build(self, input_shape: Any) -> Shape:
        known = None if self._source is None else self._source.batch_shape
        if input_shape is None:
            input_shape = known
        if not isinstance(input_shape, tuple | list) or not input_shape:
            raise ValueError(
                f"{self.label}: build needs input_shape=(None, ...), a first layer "
                f"with input_shape= or an Input, received {input_shape!r}"
            )
        shape = (None, *input_shape[1:])
        if known is not None and shape != known:
            raise ValueError(
                f"{self.label}: expected the input shape {known} that the model was "
                f"made for, received {tuple(input_shape)}"
            )
        return shape

    def ensure_built(
        self, input_shape: Any, rng: np.random.Generator | None = None
    ) -> None:
        """Build once."""
        if not self.built:
            self.build(input_shape, rng)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the output's shape for an input's, the batch's size first.

        Raises:
            ValueError: a layer can't take what comes to it, or there are no layers.
        """
        return self._shapes(input_shape)[-1]

    def weight_shapes(self, input_shape: Any) -> dict[str, Any]:
        """Return path → shape of the weights that `build` would make, without them."""
        shapes = self._shapes(input_shape)
        return {
            f"{layer.name}/{name}": shape
            for layer, inputs in self.nodes
            for name, shape in layer.weight_shapes(graph.read(shapes, inputs)).items()
        }

    def _shapes(self, input_shape: Any) -> list[Any]:
        """Return the shape at every place."""
        if not self.nodes:
            raise ValueError(f"{self.label}: expected at least one layer")
        shapes: list[Any] = [tuple(input_shape)]
        for layer, inputs in self.nodes:
            shapes.append(graph.output_shape(layer, graph.read(shapes, inputs)))
        return shapes

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
        layers = self.layers
        names = [layer.name for layer in layers]
        if index is not None:
            whole = isinstance(index, int | np.integer)
            if not whole or not -len(names) <= index < len(names):
                raise ValueError(
                    f"get_layer: expected an index below {len(names)}, received {index}"
                )
            return layers[index]
        if name not in names:
            raise ValueError(f"get_layer: expected one of {names}, received {name!r}")
        return layers[names.index(name)]

    # Running it.

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """Return the output for one batch; of a `KerasTensor`, the next one.

        Where nobody says whether it is as in training, every layer runs as it does when
        it is called alone: as at inference, and augmentation as in training.
        """
        if is_symbolic(inputs):
            return self._symbolic(inputs)
        shape = self.input_shape if self.built else None
        samples = Samples(self.label, inputs, input_shape=shape)
        self.ensure_built((None, *samples.x.shape[1:]))
        samples.dtype = self.dtype
        with Workspace():
            x, _ = samples.take(slice(0, len(samples)))
            return as_tensor(self.forward(x, training=training).copy())

    def predict_on_batch(self, x: Any) -> np.ndarray:
        """Return the output for one batch, in inference mode."""
        return self(x, training=False)

    def forward(self, x: np.ndarray, *, training: bool | None) -> np.ndarray:
        """Run the layers in order, each on what those before it made."""
        plan = Plan(self, whole_layers=True, inside=True)
        y = plan.run(x, training=training)
        self.remember(plan, training=bool(training))
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Run the layers in reverse; where paths meet, gradients add up."""
        return self.recall().backward(dy)

    def lower(self, program: Any, *places: int) -> int:
        """Append the operations of all layers."""
        at = [*places]
        for layer, inputs in self.nodes:
            at.append(program.add(layer, *(at[place] for place in inputs)))
        return at[-1]

    # Weights.

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

    @property
    def params(self) -> dict[str, np.ndarray]:  # type: ignore[override]
        """Path → parameter, such as ``dense/kernel``."""
        return self._of_layers("params")

    @property
    def grads(self) -> dict[str, np.ndarray]:  # type: ignore[override]
        """Path → gradient of the last step."""
        return self._of_layers("grads")

    @property
    def buffers(self) -> dict[str, np.ndarray]:  # type: ignore[override]
        """Path → array that is kept but not learnt."""
        return self._of_layers("buffers")

    @property
    def named_weights(self) -> dict[str, np.ndarray]:
        """Path → array of every weight, in Keras's order."""
        return self._of_layers("named_weights")

    @property
    def trainable_params(self) -> dict[str, np.ndarray]:
        """Path → parameter of all layers that learn."""
        return self._of_layers("trainable_params") if self.trainable else {}

    def _of_layers(self, kind: str) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        met: set[int] = set()
        for layer in self.layers:
            for name, array in getattr(layer, kind).items():
                if id(array) not in met:  # a layer may stand in a part, too
                    found[f"{layer.name}/{name}"] = array
                    met.add(id(array))
        return found

    def count_params(self) -> int:
        """Return the number of values in all weights, moving statistics included.

        Raises:
            ValueError: the model is not built.
        """
        self._require_built("count_params")
        return super().count_params()

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Overwrite all weights; all are checked before any is changed.

        Raises:
            ValueError: their number or a shape differs, or the model is not built.
            TypeError: they are no list.
        """
        self._require_built("set_weights")
        if not isinstance(weights, list | tuple):
            raise TypeError(
                f"{self.label}: expected a list of weights, received {weights!r}"
            )
        copy_weights(self.label, self.named_weights, weights)

    def _require_built(self, who: str) -> None:
        if not self.built:
            raise ValueError(
                f"{self.label}: {who} needs a built model; "
                "call build(input_shape) first"
            )

    @keras_signature
    def summary(
        self,
        line_length: int | None = None,
        print_fn: Callable[[str], Any] | None = None,
        show_trainable: bool = False,
    ) -> None:
        """Print a table of the layers, their output shapes and parameters.

        Args:
            line_length: width of the table in characters.
            print_fn: what to print with.
            show_trainable: whether a column tells which layers learn.
        """
        table = summary.text(self, line_length, show_trainable)
        if print_fn is None:
            print(table)
        else:
            print_fn(table + "\n")

    # Files and configurations.

    @keras_signature
    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights to ``.npz`` or ``.weights.h5``; see `saving`.

        Args:
            filepath: the file's name.
            overwrite: replace a file of that name.
        """
        saving.save_weights(self, filepath, overwrite=overwrite)

    @keras_signature
    def load_weights(self, filepath: Any) -> None:
        """Read the weights in an ``.npz``, ``.weights.h5``, ``.h5`` or ``.keras`` file.

        Args:
            filepath: the file's name.
        """
        saving.load_weights(self, filepath)

    @keras_signature
    def save(self, filepath: Any, overwrite: bool = True) -> None:
        """Write architecture, weights and optimizer to a ``.keras`` or ``.h5`` file.

        `models.load_model` makes the model again, and so does Keras's: compiled, and
        ready to go on training. Dropout's masks start anew, as in Keras. Keras asks at
        the keyboard when ``overwrite`` is False; here it is an error.

        Args:
            filepath: a name that ends in ``.keras``, or in ``.h5`` or ``.hdf5`` for
                Keras's legacy format.
            overwrite: replace a file of that name.

        Raises:
            CheckpointError: the file can't be written or is there already, a weight
                isn't finite, or the model holds what Keras has not: a layer, loss or
                metric of the user's own, or the ``label_smoothing`` of
                `SparseCategoricalCrossentropy`.
            ValueError: the name has another ending, or the model is not built.
            ImportError: h5py is not installed.

        Reference: `keras/src/saving/saving_api.py` (save_model).
        """
        saving.save_model(self, filepath, overwrite=overwrite)

    def get_config(self) -> dict[str, Any]:
        """Return the architecture as plain data in Keras's form, without weights.

        Reference: `keras/src/models/functional.py` (get_config).
        """
        self._require_layers_of_its_own()
        calls = graph.calls_of(self.nodes)
        entries = []
        for layer in self.layers:
            inbound = [
                graph.call_config(self.nodes, calls, node.inputs)
                for node in self.nodes
                if node.layer is layer and layer is not self._source
            ]
            described = lookup.describe(layer)
            entries.append({**described, "name": layer.name, "inbound_nodes": inbound})
        return {
            "name": self.name,
            "trainable": self.trainable,
            "layers": entries,
            "input_layers": [*calls[0], 0],
            "output_layers": [*calls[-1], 0],
        }

    def _require_layers_of_its_own(self) -> None:
        """See that no layer stands in two models: they would be two when loaded."""
        met: set[int] = set()
        for layer in every_layer(self.layers):
            if id(layer) in met:
                raise ValueError(
                    f"{layer.label} stands in two models that are parts of "
                    f"{self.label}; a configuration would make two layers of it"
                )
            met.add(id(layer))

    @classmethod
    @keras_signature
    def from_config(cls, config: dict[str, Any]) -> Model:
        """Make a model, with fresh weights, from what `get_config` returned.

        Keras's own configurations do as well. No name in them is looked up anywhere
        but among scratchnet's classes.

        Args:
            config: the configuration.

        Raises:
            ValueError: a layer is none of scratchnet's, or has unknown entries.
            NotImplementedError: a layer has settings outside the subset.
        """
        model = cls._unbuilt(serialization.plain(config, "model"))
        if model._source is not None:
            model.build()
        return model

    @classmethod
    def _unbuilt(cls, config: dict[str, Any]) -> Model:
        """Make a model that allocates nothing yet, from a `plain` configuration."""
        model = cls.__new__(cls)
        serialization.require_entries(config, GRAPH_ENTRIES)
        model._begin(True, config.get("name"))
        entries = config["layers"]
        layers = {}
        for i, entry in enumerate(entries):
            layer = unbuilt_layer(entry, f"model.layers[{i}]")
            layers[layer.name] = layer
        calls = serialization.calls(entries)
        start = serialization.call(config.get("input_layers"), "model.input_layers")
        end = serialization.call(config.get("output_layers"), "model.output_layers")
        missing = {one for read in (*calls.values(), (start, end)) for one in read}
        missing -= set(calls)
        order = [] if missing else graph.in_order(end, calls.__getitem__, itemgetter(0))
        source = layers.get(start[0])
        begins = [call for call in order if not calls[call]]
        if begins != [start] or not isinstance(source, InputLayer):
            raise ValueError(
                f"model: expected calls of layers that begin at the InputLayer "
                f"{start}, found {sorted(missing or begins)[:3]}"
            )
        places = {call: at for at, call in enumerate(order, 1)}
        model._source = source
        model._nodes = [
            graph.Node(
                layers[call[0]], tuple(places[one] for one in calls[call]) or (0,)
            )
            for call in order
        ]
        model._require_different_names()
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


serialization.MODELS["Functional"] = Model

GRAPH_ENTRIES = {
    "name",
    "trainable",
    "dtype",
    "layers",
    "input_layers",
    "output_layers",
}


def unbuilt_layer(entry: Any, where: str) -> Layer:
    """Make a layer, or a model, that allocates nothing yet, from its `plain` entry."""
    name = entry.get("class_name") if isinstance(entry, dict) else None
    if isinstance(name, str) and name in serialization.MODELS:
        return serialization.MODELS[name]._unbuilt(entry["config"])
    return serialization.make_layer(entry, where)
