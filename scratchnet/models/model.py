"""Models: graphs of layers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet import metrics, saving
from scratchnet.foundation import lookup, naming
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import format_shape
from scratchnet.foundation.tensor import as_tensor
from scratchnet.foundation.workspace import Workspace
from scratchnet.layers.input_layer import InputLayer
from scratchnet.layers.keras_tensor import Call, KerasTensor, flat, is_symbolic
from scratchnet.layers.layer import Layer, copy_weights
from scratchnet.models import graph, summary
from scratchnet.models.batches import Samples
from scratchnet.models.graph import every_layer
from scratchnet.models.trainer import Trainer
from scratchnet.plan import Plan
from scratchnet.saving import serialization


class Model(Trainer, Layer):
    """A graph of layers, from its inputs to its outputs.

    A model is a layer itself, so models can be parts of models.

    Args:
        inputs: what `Input` returned, or a layer, to begin there; of several, a list
            or a dictionary.
        outputs: what layers made of it, likewise.
        trainable: whether the optimizer may change any of it; see the property.
        name: by default ``functional`` with a number.

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
    sources: list[InputLayer]
    _ends: tuple[int, ...]  # the places of the outputs
    _given: tuple[Any, Any]  # how inputs and outputs are given: alone, listed, by keys
    _tensors: Any  # both as tensors; None before the graph is drawn

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        starts, ends = (
            graph.tensors("inputs", inputs),
            graph.tensors("outputs", outputs),
        )
        self._begin(trainable, name)
        self.sources = [_source(start) for start in starts]
        self._nodes, self._ends = graph.nodes_between(
            self.label, starts, ends, self.sources
        )
        self._given = graph.structure(inputs), graph.structure(outputs)
        self._tensors = [source.output for source in self.sources], ends
        self._require_different_names()

    def _begin(self, trainable: bool, name: str | None) -> None:
        """Start what every kind of model has."""
        Trainer.__init__(self)
        self.name = naming.check(name) if name else naming.unique(self.class_name)
        self._trainable = bool(trainable)
        self.sources = []
        self._ends, self._given, self._tensors = (), (None, None), None
        self.calls = []
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
        return bool(self.sources)

    @property
    def nodes(self) -> list[graph.Node]:
        """The calls of layers, each after those that it reads."""
        return self._nodes

    @property
    def output_count(self) -> int:  # type: ignore[override]
        """How many outputs there are."""
        return len(self._ends)

    @property
    def class_name(self) -> str:
        """``Functional`` for a graph, as Keras calls it; else the class's name."""
        return "Functional" if type(self) is Model else type(self).__name__

    @property
    def layers(self) -> list[Layer]:
        """The layers, each once, bottom first; the list is a copy.

        What functions and operators do to tensors are `operations`, not layers.
        """
        return [one for one in self.operations if not one.is_operation]

    @property
    def operations(self) -> list[Layer]:
        """All that the graph calls, each once, bottom first."""
        return list({id(node.layer): node.layer for node in self.nodes}.values())

    @property
    def dtype(self) -> np.dtype:  # type: ignore[override]
        """The dtype that inputs are cast to: that of the first layer."""
        first = [node.layer for node in self.nodes if node.layer not in self.sources]
        return first[0].dtype if first else np.dtype(np.float32)

    @property
    def built(self) -> bool:  # type: ignore[override]
        """Whether all weights are there."""
        nodes = self.nodes
        return bool(nodes) and all(node.layer.built for node in nodes)

    @property
    def input_shape(self) -> Any:
        """Shape of the input, None for the batch's size; of several, a list.

        Raises:
            AttributeError: the model is not built.
        """
        if not self.sources:
            raise AttributeError(f"{self.label} has no input shape yet")
        shapes = [source.batch_shape for source in self.sources]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self) -> Any:
        """Shape of the output, None for the batch's size; of several, a list.

        Raises:
            AttributeError: the model is not built.
        """
        if not self.built:
            raise AttributeError(f"{self.label} has no output shape yet")
        return self.compute_output_shape(self.input_shape)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The tensors that the graph begins with, in order."""
        return [*self._drawn()[0]]

    @property
    def outputs(self) -> list[KerasTensor]:
        """The tensors that it ends with, in order."""
        return [*self._drawn()[1]]

    @property
    def input(self) -> Any:
        """The tensor that the graph begins with; of several, as they were given."""
        return graph.packed(self.inputs, self._given[0])

    @property
    def output(self) -> Any:
        """The tensor that the graph ends with; of several, as they were given."""
        return graph.packed(self.outputs, self._given[1])

    def _drawn(self) -> Any:
        if self._tensors is None:
            raise AttributeError(
                f"{self.label} has no input and no output yet; build it, or call it "
                "on a batch"
            )
        return self._tensors

    def _draw(self) -> None:
        """Call the layers on one another, so that each knows what it reads and makes.

        That is for models that were not made of tensors: those of `Sequential`, and
        those from files and copies.
        """
        starts = [source.output for source in self.sources]
        at = [*starts]
        for layer, inputs, training in self.nodes:
            if isinstance(layer, InputLayer):
                at.append(layer.output)
            else:
                at += flat(layer.record([at[place] for place in inputs], training))
        self._tensors = starts, [at[place] for place in self._ends]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out of copies and pickles what can be made again."""
        return {**super().__getstate__(), "_tensors": None, "calls": []}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Draw the graph anew."""
        vars(self).update(state)
        if self.built:
            self._draw()

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
        shapes = self._shapes_to_build(input_shape)
        self._shapes(shapes)  # complains before anything is allocated
        sources = self.sources or [
            InputLayer(batch_shape=shape, dtype=self.dtype) for shape in shapes
        ]
        for layer, inputs, _ in self.nodes:
            layer.ensure_built(graph.read(shapes, inputs), rng)
            shapes += _each(layer, layer.output_shape)
        self.sources = sources
        if self._tensors is None:
            self._draw()

    def _shapes_to_build(self, input_shape: Any) -> list[Any]:
        known = [source.input_shape for source in self.sources]
        shapes = known if input_shape is None else graph.shapes(input_shape)
        if not shapes or not all(shapes):
            raise ValueError(
                f"{self.label}: build needs input_shape=(None, ...), a first layer "
                f"with input_shape= or an Input, received {input_shape!r}"
            )
        shapes = [(None, *shape[1:]) for shape in shapes]
        if known and shapes != known:
            raise ValueError(
                f"{self.label}: expected the input shape {self.input_shape} that the "
                f"model was made for, received {tuple(input_shape)}"
            )
        return shapes

    def ensure_built(
        self, input_shape: Any, rng: np.random.Generator | None = None
    ) -> None:
        """Build once."""
        if not self.built:
            self.build(input_shape, rng)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input's; lists where there are several.

        Raises:
            ValueError: a layer can't take what comes to it, or there are no layers.
        """
        shapes = self._shapes(graph.shapes(input_shape))
        made = [shapes[place] for place in self._ends]
        return made[0] if len(made) == 1 else made

    def weight_shapes(self, input_shape: Any) -> dict[str, Any]:
        """Return path → shape of the weights that `build` would make, without them."""
        shapes = self._shapes(graph.shapes(input_shape))
        return {
            f"{layer.name}/{name}": shape
            for layer, inputs, _ in self.nodes
            for name, shape in layer.weight_shapes(graph.read(shapes, inputs)).items()
        }

    def _shapes(self, input_shapes: list[Any]) -> list[Any]:
        """Return the shape at every place."""
        if not self.nodes:
            raise ValueError(f"{self.label}: expected at least one layer")
        shapes = [*input_shapes]
        for layer, inputs, _ in self.nodes:
            made = graph.output_shape(layer, graph.read(shapes, inputs))
            shapes += _each(layer, made)
        return shapes

    def shape_of(self, x: Any) -> Any:
        """Return the shape of the input, or a list of those of several."""
        shapes = [one.shape for one in self.arranged(x)]
        return shapes[0] if len(shapes) == 1 else shapes

    def check_input(self, shape: Any) -> None:
        """Compare a batch's shape, or several, with those of the inputs.

        Raises:
            ValueError: rank or a dimension differs.
        """
        for source, one in zip(self.sources, graph.shapes(shape), strict=True):
            if not graph.fits(one, source.input_shape):
                which = f" for '{source.name}'" if len(self.sources) > 1 else ""
                raise ValueError(
                    f"{self.label}: expected input {format_shape(source.input_shape)}"
                    f"{which}, received {format_shape(one)}"
                )

    def arranged(self, x: Any) -> list[Any]:
        """Return what is given for the inputs as a list, in the inputs' order.

        Args:
            x: one thing, a list, or a dictionary by the keys that the inputs were
                given with or by the inputs' names.

        Raises:
            ValueError: there are more or fewer than the model has inputs, or another
                key is among them.
        """
        count = max(len(self.sources), 1)
        if isinstance(x, dict):
            keys = self._given[0]
            if not isinstance(keys, tuple) or not set(keys) <= set(x):
                keys = [source.name for source in self.sources]
            if set(keys) <= set(x):
                return [x[key] for key in keys]
            if not (count == len(x) == 1):
                raise ValueError(
                    f"{self.label}: expected inputs by the names {list(keys)}, "
                    f"received {list(x)}"
                )
        if count == 1 and not isinstance(x, dict):
            one = isinstance(x, list | tuple) and len(x) == 1 and _is_array(x[0])
            return [x[0] if one else x]
        found = flat(x)
        if len(found) != count or not isinstance(x, list | tuple | dict):
            names = ", ".join(repr(source.name) for source in self.sources)
            raise ValueError(
                f"{self.label}: expected a list of {count} inputs ({names}), received "
                + (f"{len(found)}" if isinstance(x, list | tuple) else f"{x!r:.80}")
            )
        return found

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

        Several inputs are a list, or a dictionary by their names. Where nobody says
        whether it is as in training, every layer runs as it does when it is called
        alone: as at inference, and augmentation as in training.
        """
        if is_symbolic(inputs):
            return self._symbolic(inputs, training)
        known = [source.input_shape for source in self.sources]
        given = [
            Samples(self.label, x, input_shape=shape)
            for x, shape in zip(
                self.arranged(inputs), known if self.built else [None], strict=True
            )
        ]
        shapes = [(None, *samples.x.shape[1:]) for samples in given]
        self.ensure_built(shapes[0] if len(shapes) == 1 else shapes)
        with Workspace():
            x = []
            for samples in given:
                samples.dtype = self.dtype
                x.append(samples.take(slice(0, len(samples)))[0])
            y = self.forward(x[0] if len(x) == 1 else x, training=training)
            return self.packed([as_tensor(one.copy()) for one in flat(y)])

    def packed(self, outputs: list[Any]) -> Any:
        """Return the outputs as they were given when the model was made."""
        given = self._given[1]
        return (
            outputs[0]
            if given == "list" and len(outputs) == 1
            else (graph.packed(outputs, given))
        )

    def _symbolic(self, x: Any, training: bool | None) -> Any:
        return super()._symbolic(self.arranged(x), training)

    def record(self, inputs: list[KerasTensor], training: bool | None = None) -> Any:
        """Note a call on tensors of the right shapes, and return what it makes."""
        call = Call(self, inputs, training)
        shapes = self._shapes([one.shape for one in inputs])
        call.outputs = tuple(
            KerasTensor(shapes[place], self.dtype, call) for place in self._ends
        )
        self.calls.append(call)
        return self.packed([*call.outputs])

    def predict_on_batch(self, x: Any) -> np.ndarray:
        """Return the output for one batch, in inference mode."""
        return self(x, training=False)

    def forward(self, x: Any, *, training: bool | None) -> Any:
        """Run the layers in order, each on what those before it made."""
        plan = Plan(self, whole_layers=True, inside=True)
        y = plan.run(x, training=training)
        self.remember(plan, training=bool(training))
        return y

    def backward(self, dy: Any) -> Any:
        """Run the layers in reverse; where paths meet, gradients add up."""
        return self.recall().backward(dy)

    def lower(self, program: Any, *places: int) -> Any:
        """Append the operations of all layers."""
        at = [*places]
        for layer, inputs, training in self.nodes:
            read = [at[place] for place in inputs]
            made = program.add(layer, *read, training=training)
            at += made if isinstance(made, tuple) else [made]
        ends = tuple(at[place] for place in self._ends)
        return ends[0] if len(ends) == 1 else ends

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

    def _beside_weights(self, kind: str) -> dict[str, Any]:
        return {
            f"{layer.name}/{name}": one
            for layer in self.layers
            for name, one in layer._beside_weights(kind).items()
        }

    def _activity_penalties(self) -> list[Any]:
        return [one for layer in self.layers for one in layer._activity_penalties()]

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
        if model.sources:
            model.build()
        return model

    @classmethod
    def _unbuilt(cls, config: dict[str, Any]) -> Model:
        """Make a model that allocates nothing yet, from a `plain` configuration."""
        model = cls.__new__(cls)
        serialization.require_entries(config, GRAPH_ENTRIES)
        model._begin(True, config.get("name"))
        entries = config["layers"]
        layers: dict[str, Any] = {}
        for i, entry in enumerate(entries):
            layer = unbuilt_layer(entry, f"model.layers[{i}]")
            layers[layer.name] = layer
        calls = serialization.calls(entries)
        begin, starts = serialization.tensors(config, "input_layers")
        end, ends = serialization.tensors(config, "output_layers")
        model._given = begin, end
        sources: list[Any] = [layers.get(name) for name, *_ in starts]
        model.sources = sources
        model._nodes, model._ends = _nodes_of(layers, calls, sources, ends)
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
            "loss": self.loss and lookup.describe(self.loss),
            "loss_weights": self._measures.loss_weights,
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


def _source(start: KerasTensor) -> InputLayer:
    """Return the layer of an input; a new one if a graph begins inside another."""
    if isinstance(start.layer, InputLayer):
        return start.layer
    return InputLayer(batch_shape=(None, *start.shape[1:]), dtype=start.dtype)


def _each(layer: Layer, made: Any) -> list[Any]:
    """Return the shapes of a layer's outputs as a list."""
    return [made] if layer.output_count == 1 else made


def _is_array(x: Any) -> bool:
    return isinstance(x, KerasTensor) or len(np.shape(x)) > 0


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
