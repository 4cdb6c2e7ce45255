"""Models: graphs of layers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from scratchnet import losses, metrics, saving
from scratchnet.foundation import lookup, registry, terminal
from scratchnet.foundation.arguments import check_dtype
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.structure import each
from scratchnet.layers.input_layer import InputLayer
from scratchnet.layers.keras_tensor import KerasTensor
from scratchnet.layers.layer import Layer
from scratchnet.layers.weights import copy_weights
from scratchnet.models import by_output, graph, summary
from scratchnet.models.graph import every_layer
from scratchnet.models.network import Network
from scratchnet.models.trainer import Trainer
from scratchnet.saving import serialization


class Model(Trainer, Network):
    """A graph of layers, from its inputs to its outputs.

    A model is a layer itself, so models can be parts of models.

    Args:
        inputs: what `Input` returned, or a layer, to begin there; of several, a list
            or a dictionary.
        outputs: what layers made of it, likewise.
        trainable: whether the optimizer may change any of it; see the property.
        name: by default ``functional`` with a number.
        dtype: of a class with a `call`: float32 (default) or float64.

    Raises:
        TypeError: inputs or outputs are something else.
        ValueError: the outputs don't come from the inputs, or two layers have one name.

    Reference: `keras/src/models/model.py`, `keras/src/models/functional.py`.

    >>> from scratchnet import Input, layers
    >>> x = Input((4,))
    >>> y = layers.Dense(4, activation="relu")(x)
    >>> model = Model(x, layers.Dense(2)(layers.Add()([x, y])))
    >>> model.output_shape, model.count_params()
    ((None, 2), 30)
    """

    keras_module = serialization.FUNCTIONAL

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        if inputs is None and outputs is None and type(self) is not Model:
            self._begin(trainable, name)  # a class with a `call`
            self._dtype = None if dtype is None else check_dtype(self.label, dtype)
            return
        if dtype is not None:
            raise ValueError(
                f"Model: expected no dtype beside inputs, which have one, received "
                f"{dtype!r}"
            )
        starts, ends = (
            graph.tensors("inputs", inputs),
            graph.tensors("outputs", outputs),
        )
        self._begin(trainable, name)
        self.sources = [_source(start) for start in starts]
        self._nodes, self._ends = graph.nodes_between(
            self.label, starts, ends, self.sources
        )
        self._given = graph.structure(inputs), graph.structure(outputs, in_order=True)
        self._tensors = [source.output for source in self.sources], ends
        self._require_different_names()

    def _begin(self, trainable: bool, name: str | None) -> None:
        """Start what every kind of model has."""
        Trainer.__init__(self)
        self._start(trainable, name)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out of copies and pickles what can be made again."""
        return {**Trainer.__getstate__(self), "_tensors": None, "calls": []}

    def _require_different_names(self) -> None:
        taken: set[str] = set()
        for layer in self.layers:
            if layer.name in taken:
                raise ValueError(
                    f"{self.label}: expected layers with different names, received a "
                    f"second '{layer.name}'"
                )
            taken.add(layer.name)

    @property
    def has_input(self) -> bool:
        """Whether the shape of the input is known."""
        return bool(self.sources)

    @property
    def class_name(self) -> str:
        """``Functional`` for a graph, as Keras calls it; else the class's name."""
        return "Functional" if type(self) is Model else type(self).__name__

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that make the outputs.

        Raises:
            AttributeError: the model is a class with a `call`, whose outputs have none.
        """
        if self.is_traced:
            raise AttributeError(
                f"{self.label}: a class with a call has no output_names, as in Keras; "
                "let call return a dictionary, whose keys are the names"
            )
        at = graph.origins(self)
        return [at[place].layer.name for place in self._ends]

    def _outputs(self) -> by_output.Outputs:
        keys = self._given[1]
        if isinstance(keys, tuple):
            return by_output.Outputs(self.label, sorted(keys), keys)
        if self.is_traced:
            return by_output.Outputs(self.label, [None] * self.output_count)
        return by_output.Outputs(self.label, self.output_names)

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

    def predict_on_batch(self, x: Any) -> np.ndarray:
        """Return the output for one batch, in inference mode."""
        return self(x, training=False)

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

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Print a table of the layers, their output shapes and parameters.

        Args:
            line_length: width of the table in characters.
            positions: where each column ends, as a share of the line.
            print_fn: what to print with.
            expand_nested: whether the layers of models in the model are listed, too.
            show_trainable: whether a column tells which layers learn.
            layer_range: the first and the last layer to list, by their names, or by
                regular expressions that their names begin with.

        Raises:
            ValueError: the line is too short, or no layer has such a name.
        """
        table = summary.text(
            self, line_length, positions, expand_nested, show_trainable, layer_range
        )
        if print_fn is None:
            terminal.show(table)
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
                isn't finite, or the model holds what Keras has not: the
                ``label_smoothing`` of `SparseCategoricalCrossentropy`.
            ValueError: the name has another ending, or the model is not built.
            ImportError: h5py is not installed.

        Reference: `keras/src/saving/saving_api.py` (save_model).
        """
        saving.save_model(self, filepath, overwrite=overwrite)

    def get_config(self) -> dict[str, Any]:
        """Return the architecture as plain data in Keras's form, without weights.

        Reference: `keras/src/models/functional.py` (get_config).
        """
        if self.is_traced:
            return Network.get_config(self)
        self._require_layers_of_its_own()
        at = graph.origins(self)
        entries = []
        for layer in self.operations:
            inbound = [
                graph.call_config(node, at)
                for node in self.nodes
                if node.layer is layer and layer not in self.sources
            ]
            described = lookup.describe(layer)
            entries.append({**described, "name": layer.name, "inbound_nodes": inbound})
        return {
            "name": self.name,
            "trainable": self.trainable,
            "layers": entries,
            "input_layers": graph.packed(
                [[source.name, 0, 0] for source in self.sources], self._given[0]
            ),
            "output_layers": graph.packed(
                [at[place].history for place in self._ends], self._given[1]
            ),
        }

    def _require_layers_of_its_own(self) -> None:
        """See that no layer stands in two models: they would be two when loaded.

        Where inputs come in there is nothing to share: an encoder's `Input` may be that
        of the whole model, too.
        """
        met: set[int] = set()
        for layer in every_layer(self.layers):
            if id(layer) in met and not isinstance(layer, InputLayer):
                raise ValueError(
                    f"{layer.label} stands in two models that are parts of "
                    f"{self.label}; a configuration would make two layers of it"
                )
            met.add(id(layer))

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Model:
        """Make a model, with fresh weights, from what `get_config` returned.

        Keras's own configurations do as well. No name in them is looked up anywhere
        but among scratchnet's classes and those of your own.

        Args:
            config: the configuration.
            custom_objects: name → class or function of your own.

        Raises:
            ValueError: a layer is none of scratchnet's, or has unknown entries.
            NotImplementedError: a layer has settings outside the subset.
        """
        if hasattr(cls, "call"):
            return cls(**config)
        with registry.custom_object_scope(custom_objects):
            model = cls._unbuilt(serialization.plain(config, "model"))
            if model.sources:
                model.build()
        return model

    @classmethod
    def _unbuilt(cls, config: dict[str, Any]) -> Model:
        """Make a model that allocates nothing yet, from a `plain` configuration."""
        model = cast("Model", cls.__new__(cls))
        serialization.require_entries(config, GRAPH_ENTRIES)
        model._begin(True, config.get("name"))
        entries = config["layers"]
        layers: dict[str, Any] = {}
        for i, entry in enumerate(entries):
            layer = unbuilt_layer(entry, f"model.layers[{i}]")
            layers[entry.get("name", layer.name)] = layer
        calls = serialization.calls(entries)
        begin, starts = serialization.tensors(config, "input_layers")
        end, ends = serialization.tensors(config, "output_layers")
        for (name, number), arguments in calls.items():
            if number == 0 and hasattr(type(layers[name]), "call"):
                layers[name]._given = arguments.given, None
        model._given = begin, end
        sources: list[Any] = [layers.get(name) for name, *_ in starts]
        model.sources = sources
        model._nodes, model._ends = _nodes_of(layers, calls, sources, ends)
        for layer in layers.values():
            if layer.is_operation:  # whose configurations don't say it
                layer.dtype = sources[0].dtype
        model._require_different_names()
        return model

    def get_compile_config(self) -> dict[str, Any]:
        """Return `compile`'s arguments as plain data; nothing if not compiled."""
        if self.optimizer is None:
            return {}
        given = self._objective.given
        return {
            "optimizer": lookup.describe(self.optimizer),
            "loss": each(_described, given["loss"]),
            "loss_weights": given["loss_weights"],
            "metrics": each(metrics.describe, given["metrics"]),
            "weighted_metrics": each(metrics.describe, given["weighted_metrics"]),
            "run_eagerly": self.run_eagerly,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as `get_compile_config` says; Keras's own form does as well.

        ``jit_compile`` is passed over: it is about speed, and differs by machine.

        Raises:
            ValueError: optimizer, loss or a metric is none of scratchnet's, or there
                are more of them than outputs.
            NotImplementedError: one has settings outside the subset.
        """
        arguments = serialization.plain(config, "compile")
        arguments.pop("jit_compile", None)
        arguments["loss"] = each(_as_object, arguments.get("loss"))
        self.compile(**arguments)
        if self.output_count:
            self._met()

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


def _as_object(loss: Any) -> Any:
    """Return a loss of a configuration; a name stays one, as in Keras."""
    return loss if isinstance(loss, str) else losses.get(loss)


def _described(loss: Any) -> Any:
    """Return a loss's name as it is, and what else is a loss as files write it."""
    return loss if isinstance(loss, str) else lookup.describe(losses.get(loss))


def unbuilt_layer(entry: Any, where: str) -> Layer:
    """Make a layer, or a model, that allocates nothing yet, from its `plain` entry."""
    if serialization.model_class(entry) is not None:
        return serialization.make_model(entry)
    return serialization.make_layer(entry, where)


def _source(start: KerasTensor) -> InputLayer:
    """Return the layer of an input; a new one if a graph begins inside another."""
    if isinstance(start.layer, InputLayer):
        return start.layer
    return InputLayer(batch_shape=(None, *start.shape[1:]), dtype=start.dtype)


def _nodes_of(
    layers: dict[str, Layer],
    calls: dict[serialization.Call, serialization.Arguments],
    sources: list[Any],
    ends: list[tuple[str, int, int]],
) -> tuple[list[graph.Node], tuple[int, ...]]:
    """Make a graph's nodes of what a configuration says.

    Raises:
        ValueError: a call is missing, or the graph begins at something else.
    """
    starts = [(source and source.name, 0) for source in sources]
    read = [one[:2] for call in calls.values() for one in call.inputs]
    missing = {*read, *starts, *(end[:2] for end in ends)} - set(calls)

    def inputs_of(call: serialization.Call) -> list[serialization.Call]:
        return [one[:2] for one in calls[call].inputs]

    order: list[Any] = []
    if not missing:
        last = list(dict.fromkeys(end[:2] for end in ends))
        order = graph.in_order(last, inputs_of, lambda call: call[0])
        order = [*(one for one in starts if one not in order), *order]
    begins = {call for call in order if isinstance(layers[call[0]], InputLayer)}
    if begins != set(starts) or not all(isinstance(s, InputLayer) for s in sources):
        raise ValueError(
            f"model: expected calls of layers that begin at the InputLayers "
            f"{starts}, found {sorted(missing or begins)[:3]}"
        )
    for name, _, output in (*(one for c in calls.values() for one in c.inputs), *ends):
        layer = layers[name]
        if isinstance(layer, Network):
            layer.expect_output(output)
    places: dict[tuple[str, int, int], int] = {}
    for call in order:
        for output in range(layers[call[0]].output_count):
            places[(*call, output)] = len(sources) + len(places)
    try:
        nodes = [
            graph.Node(layers[call[0]], (starts.index(call),))
            if call in begins
            else graph.Node(
                layers[call[0]],
                tuple(places[one] for one in calls[call].inputs),
                calls[call].training,
            )
            for call in order
        ]
        return nodes, tuple(places[end] for end in ends)
    except KeyError as error:
        raise ValueError(f"model: there is no output {error}") from None
