"""Layers that are made of layers."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.foundation import naming
from scratchnet.foundation.arguments import check_dtype
from scratchnet.foundation.outside import keras_signature, unknown_argument
from scratchnet.foundation.shapes import format_shape
from scratchnet.foundation.tensor import as_tensor
from scratchnet.foundation.workspace import Workspace
from scratchnet.layers.arrays import Arrays
from scratchnet.layers.input_layer import InputLayer
from scratchnet.layers.keras_tensor import Call, KerasTensor, flat, is_symbolic
from scratchnet.layers.lambda_layer import Lambda
from scratchnet.layers.layer import Layer
from scratchnet.models import graph, tracing
from scratchnet.models.batches import Samples
from scratchnet.models.turns import in_turn
from scratchnet.plan import Plan


@keras_signature
class Network(Layer):
    """A layer that is a graph of layers: what `Model` is, beside being trained.

    It is also what a class becomes that is written Keras's way: one that has a `call`,
    which is traced when the layer is built (`scratchnet/models/tracing.py`).

    Args:
        trainable: whether the optimizer may change any of it; see the property.
        dtype: float32 (default) or float64.
        name: by default the class's name in snake case with a number.
        input_shape: shape of one sample; on a first layer it stands for an `Input`.
        activity_regularizer: None; there are layers for it.
        **unknown: none.

    Attributes:
        sources: a layer for each input.

    Raises:
        TypeError: an argument is unknown.
        NotImplementedError: there is an activity_regularizer.
    """

    sources: list[InputLayer]
    _nodes: list[graph.Node]
    _ends: tuple[int, ...]  # the places of the outputs
    _given: tuple[Any, Any]  # how inputs and outputs are given: alone, listed, by keys
    _tensors: Any  # both as tensors; None before the graph is drawn
    _trainable: bool
    _dtype: Any  # what the class was told; None where the first layer's holds

    def __init__(
        self,
        *,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
        input_shape: Any = None,
        activity_regularizer: Any = None,
        **unknown: Any,
    ) -> None:
        if activity_regularizer is not None:
            raise NotImplementedError(
                f"{type(self).__name__}: activity_regularizer={activity_regularizer!r} "
                "has no effect on a class with a call; end call with "
                "layers.ActivityRegularization, or give it to a layer in there"
            )
        if unknown:
            known = ("trainable", "dtype", "name", "input_shape")
            raise unknown_argument(type(self).__name__, min(unknown), known)
        self._start(trainable, name)
        self._dtype = check_dtype(self.label, dtype)
        if input_shape is not None:
            self.input_shape_argument = tuple(input_shape)

    def __new__(cls, *arguments: Any, **named: Any) -> Network:
        """Note what a class written Keras's way is made with, for its configuration."""
        network = super().__new__(cls)
        vars(network)["_made_with"] = arguments, named
        return network

    def _start(self, trainable: bool, name: str | None) -> None:
        """Start what every kind of network has."""
        self.name = naming.check(name) if name else naming.unique(self.class_name)
        self._trainable = bool(trainable)
        self._dtype = None
        self.sources, self._nodes = [], []
        self._ends, self._given, self._tensors = (), (None, None), None
        self._own = {kind: Arrays() for kind in ("params", "grads", "buffers")}
        self.calls = []
        self._cache: Any = None
        self._beside = {}
        self.input_shape_argument = None
        self.activity_regularizer = None

    @property
    def is_traced(self) -> bool:
        """Whether its graph is what a `call` composes."""
        return hasattr(type(self), "call")

    @property
    def nodes(self) -> list[graph.Node]:
        """The calls of layers, each after those that it reads."""
        return self._nodes

    @property
    def output_count(self) -> int:  # type: ignore[override]
        """How many outputs there are."""
        return len(self._ends)

    @property
    def layers(self) -> list[Layer]:
        """The layers, each once, bottom first; the list is a copy.

        What functions and operators do to tensors are `operations`, not layers.
        """
        if self.is_traced:
            return list(tracing.tracked(self))
        return [one for one in self.operations if not one.is_operation]

    @property
    def places(self) -> Any:
        """Where the attributes of a class with a `call` have layers; see `tracing`."""
        return tracing.places(self)

    @property
    def operations(self) -> list[Layer]:
        """All that the graph calls, each once, bottom first."""
        if self.is_traced:
            return self.layers
        return list({id(node.layer): node.layer for node in self.nodes}.values())

    @property
    def dtype(self) -> Any:
        """The dtype that inputs are cast to: that of the first layer."""
        if vars(self).get("_dtype") is not None:
            return self._dtype
        first = [node.layer for node in self.nodes if node.layer not in self.sources]
        return first[0].dtype if first else np.dtype(np.float32)

    @property
    def built(self) -> bool:
        """Whether all weights are there."""
        nodes = self.nodes
        return bool(nodes) and all(node.layer.built for node in nodes)

    @built.setter
    def built(self, value: bool) -> None:
        """Accept what a `build` written Keras's way ends with."""

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
        return {**super().__getstate__(), "_tensors": None}

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
        if self.is_traced:
            return self._trace(input_shape)
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
        if self.is_traced and not self.built:
            self.build(input_shape)  # as Keras's `build` is written
        elif not self.built:
            self.build(input_shape, rng)

    def _trace(self, input_shape: Any) -> None:
        """Trace `call`, unless this is only a part of building."""
        if self.built or vars(self).get("_building"):
            return
        shapes = self._shapes_to_build(input_shape)
        tracing.adopt(self)
        sources = [
            InputLayer(
                batch_shape=shape, dtype=self.dtype, name=f"{self.name}_input_{i}"
            )
            for i, shape in enumerate(shapes)
        ]
        given = self._given[0] or self._usual(len(shapes))
        expected = self._ends
        self._nodes, self._ends, made = tracing.trace(self, sources, given)
        if len(expected) not in (0, len(self._ends)):
            raise ValueError(
                f"{self.label}: expected {len(expected)} outputs, because so many are "
                f"read, but its call returns {len(self._ends)}"
            )
        self.sources, self._given = sources, (given, made)
        self._draw()

    def expect_output(self, output: int) -> None:
        """Note that a graph reads an output of a `call` that is not yet traced."""
        if self.is_traced and not self.built:
            self._ends = tuple(range(max(self.output_count, output + 1)))

    def _usual(self, count: int) -> Any:
        """Return how `call` takes so many inputs, if nobody has called it yet."""
        parameters = inspect.signature(self.call).parameters.values()  # type: ignore[attr-defined]
        needed = [one for one in parameters if one.default is one.empty]
        if len(needed) == count > 1:
            return "arguments"
        return "list" if count > 1 else None

    def get_build_config(self) -> dict[str, Any] | None:
        """Return what `build_from_config` needs; None before the model is built."""
        if not self.sources:
            return None
        shapes = [source.batch_shape for source in self.sources]
        if self._given[0] == "arguments":
            names = inspect.signature(self.call).parameters  # type: ignore[attr-defined]
            return {
                f"{name}_shape": one for name, one in zip(names, shapes, strict=False)
            }
        return {"input_shape": graph.packed(shapes, self._given[0])}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build for the shapes in what `get_build_config` returned.

        Raises:
            ValueError: there are none.
        """
        if not config:
            raise ValueError(
                f"{self.label} was never built and has no weights; call it on a batch "
                "before saving it"
            )
        shape = config.get("input_shape") or [*config.values()]
        if "input_shape" not in config:
            self._given = "arguments", None
        elif self.is_traced:
            several = isinstance(shape, dict) or len(graph.shapes(shape)) > 1
            self._given = (graph.structure(shape) if several else None), None
        self.build(shape)

    def call_arguments(self, inputs: list[Any]) -> list[Any]:
        """Return what a call's arguments are, given what stands for its tensors."""
        given = self._given[0]
        if given == "arguments" or len(inputs) == 1:
            return inputs
        return [graph.packed(inputs, given or "list")]

    def add_param(self, name: str, value: np.ndarray) -> None:
        """Add a parameter of its own, and its gradient."""
        array = np.asarray(value, self.dtype, order="C")
        self._own["params"] |= {name: array}
        self._own["grads"] |= {name: np.zeros_like(array)}

    def add_buffer(self, name: str, value: np.ndarray) -> None:
        """Add an array of its own that is kept but not learnt."""
        self._own["buffers"] |= {name: np.asarray(value, self.dtype, order="C")}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input's; lists where there are several.

        Raises:
            ValueError: a layer can't take what comes to it, or there are no layers.
        """
        if self.is_traced:
            self.ensure_built(input_shape)
        shapes = self._shapes(graph.shapes(input_shape))
        made = [shapes[place] for place in self._ends]
        return made[0] if len(made) == 1 else made

    def weight_shapes(self, input_shape: Any) -> dict[str, Any]:
        """Return path → shape of the weights that `build` would make, without them."""
        if self.is_traced:  # only its `build` knows
            self.ensure_built(input_shape)
            return {path: one.shape for path, one in self.named_weights.items()}
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
        if self.is_traced and not self.sources:
            return flat(x) if graph.structure(x) and _are_arrays(x) else [x]
        count = max(len(self.sources), 1)
        if isinstance(x, dict):
            keys = self._given[0]
            if not isinstance(keys, tuple) or not set(keys) <= set(x):
                keys = [source.name for source in self.sources]
            if set(keys) <= set(x):
                return [x[key] for key in keys]
            raise ValueError(
                f"{self.label}: expected inputs by the names {list(keys)}, "
                f"received {list(x)}"
            )
        if count == 1:
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

    @in_turn
    def __call__(self, *arguments: Any, training: bool | None = None) -> Any:
        """Return the output for one batch; of a `KerasTensor`, the next one.

        Several inputs are a list, or a dictionary by their names. Where nobody says
        whether it is as in training, every layer runs as it does when it is called
        alone: as at inference, and augmentation as in training.
        """
        *given, last = arguments
        if given and isinstance(last, bool | None):
            training, last = last, given.pop()
        inputs = [*given, last] if given else last
        if self.is_traced and not self.built and _are_arrays(inputs):
            self._given = "arguments" if given else graph.structure(inputs), None
        if is_symbolic(inputs):
            return self._symbolic(inputs, training)
        arranged = self.arranged(inputs)
        shapes: list[Any] = [None] * len(arranged)
        if self.built:
            shapes = [source.input_shape for source in self.sources]
        every = [
            Samples(self.label, x, input_shape=shape)
            for x, shape in zip(arranged, shapes, strict=True)
        ]
        shapes = [(None, *samples.x.shape[1:]) for samples in every]
        self.ensure_built(shapes[0] if len(shapes) == 1 else shapes)
        with Workspace():
            x = []
            for samples in every:
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
    def own_arrays(self) -> dict[str, Arrays]:
        """The arrays that none of its layers has."""
        return self._own

    @property
    def named_weights(self) -> dict[str, np.ndarray]:
        """Path → array of every weight, in Keras's order."""
        return self._of_layers("named_weights")

    def _beside_weights(self, kind: str) -> dict[str, Any]:
        return {
            **self._beside_own(kind),
            **{
                f"{layer.name}/{name}": one
                for layer in self.layers
                for name, one in layer._beside_weights(kind).items()
            },
        }

    def _activity_penalties(self) -> list[Any]:
        return [one for layer in self.layers for one in layer._activity_penalties()]

    def given(self, x: Any) -> list[Any]:
        """Return what the user gives for each input, alone where there is only one."""
        if self.is_traced and not self.built and _are_arrays(x):
            self._given = graph.structure(x), None
            return self.arranged(x)
        several = len(self.sources) > 1 or (self.sources and isinstance(x, dict))
        return self.arranged(x) if several else [x]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, of a class written Keras's way.

        One with a `get_config` of its own adds what it was made with itself, as in
        Keras.
        """
        base = super().get_config()
        own = type(self).get_config
        if not own.__module__.startswith("scratchnet."):
            return base
        parameters = inspect.signature(type(self)).parameters
        arguments, named = vars(self)["_made_with"]
        given = {**dict(zip(parameters, arguments, strict=False)), **named}
        if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
            base = {name: base[name] for name in base if name in parameters}
        return {**base, **given}

    @property
    def own_weights(self) -> dict[str, np.ndarray]:
        """Name → array of the weights that are none of its layers'."""
        return {**self._own["params"], **self._own["buffers"]}

    @property
    def trainable_params(self) -> dict[str, np.ndarray]:
        """Path → parameter of all layers that learn."""
        return self._of_layers("trainable_params") if self.trainable else {}

    def _of_layers(self, kind: str) -> dict[str, np.ndarray]:
        own = self._own["params"] if kind == "trainable_params" else {}
        if kind == "named_weights":
            own = self.own_weights
        found: dict[str, np.ndarray] = {**self._own.get(kind, own)}
        met = {id(array) for array in found.values()}
        for layer in self.layers:
            for name, array in getattr(layer, kind).items():
                if id(array) not in met:  # a layer may stand in a part, too
                    found[f"{layer.name}/{name}"] = array
                    met.add(id(array))
        return found


def _each(layer: Layer, made: Any) -> list[Any]:
    """Return the shapes of a layer's outputs as a list."""
    return [made] if layer.output_count == 1 else made


def _are_arrays(x: Any) -> bool:
    return all(hasattr(one, "shape") for one in flat(x))


def _is_array(x: Any) -> bool:
    return isinstance(x, KerasTensor) or len(np.shape(x)) > 0


def built_and_traced(build: Callable[..., Any]) -> Callable[..., None]:
    """Let a `build` written Keras's way end with the trace of `call`."""

    @functools.wraps(build)
    def build_and_trace(self: Network, input_shape: Any = None) -> None:
        if self.built or vars(self).get("_building"):  # a `super().build(...)`
            build(self, input_shape)
            return
        vars(self)["_building"] = True
        try:
            build(self, input_shape)
        finally:
            del vars(self)["_building"]
        self._trace(input_shape)

    return build_and_trace


def _called(base: Any) -> Any:
    """Return what a class with a `call` may stand on, so that `super().call` is there.

    Where the base computes by itself, as `Dropout` and `Dense` do, that is a network
    of one layer of it.
    """
    computes = hasattr(base, "forward") and not issubclass(base, Network)
    return _network_of_one(base) if computes and base is not Layer else base


@functools.cache
def _network_of_one(base: Any) -> type:
    """Return the class of networks of one layer, whose weights are theirs."""

    class OfOne(Network):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            own = ("name", "trainable", "dtype", "input_shape", "activity_regularizer")
            super().__init__(**{key: named.pop(key) for key in own if key in named})
            with naming.preserved():
                self.one = base(*arguments, **named, dtype=self.dtype)
            self.one.trainable = self.trainable
            if base.weight_names:
                self._own = {kind: getattr(self.one, kind) for kind in self._own}

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            return self.one(inputs, training=training)

        def get_config(self) -> dict[str, Any]:
            return {**self.one.get_config(), **Layer.get_config(self)}

        @property
        def layers(self) -> list[Layer]:
            return [one for one in super().layers if one is not self._hidden]

        @property
        def places(self) -> Any:
            return [place for place in super().places if place[1] is not self._hidden]

        @property
        def _hidden(self) -> Any:
            """The one, where it has weights: to files and users, they are ours."""
            return self.one if base.weight_names else None

        @Network.trainable.setter  # type: ignore[attr-defined]
        def trainable(self, value: bool) -> None:
            Network.trainable.fset(self, value)  # type: ignore[attr-defined]
            self.one.trainable = bool(value)

        def _beside_weights(self, kind: str) -> dict[str, Any]:
            ours = super()._beside_weights(kind)
            return {**self.one._beside_weights(kind), **ours} if self._hidden else ours

        def _trace(self, input_shape: Any) -> None:
            self.one.ensure_built(input_shape)
            super()._trace(input_shape)

        def __getattr__(self, name: str) -> Any:
            own = vars(self)
            if "one" in own and name in self.own_weights:
                return self.variable_of(name)
            if "one" in own and name in (*vars(self.one), *base.weight_names):
                return getattr(self.one, name)
            return super().__getattr__(name)  # type: ignore[misc]

        def __setattr__(self, name: str, value: Any) -> None:
            own, known = vars(self), hasattr(type(self), name)
            if "one" in own and name in vars(self.one) and not (known or name in own):
                setattr(self.one, name, value)
            else:
                super().__setattr__(name, value)

    return OfOne


def written_as_keras_s(cls: type) -> None:
    """Make a class that has a `call` a `Network`.

    Raises:
        TypeError: it computes in another way, too.
    """
    if "call" in vars(cls):
        cls.__bases__ = tuple(_called(base) for base in cls.__bases__)
        computing = [
            name
            for base in cls.__mro__
            for name in ("forward", "backward", "lower", "pop")
            if name in vars(base) and base not in (Layer, Network)
        ]
        if computing:
            raise TypeError(
                f"{cls.__name__}: its call would never run, because it also has a "
                f"{computing[0]}, or inherits it; derive it from layers.Layer and keep "
                f"the other layer in an attribute, or {tracing.OUR_WAY}"
            )
        if not issubclass(cls, Network):
            cls.__bases__ = (*(b for b in cls.__bases__ if b is not Layer), Network)
    if hasattr(cls, "call") and "build" in vars(cls):
        cls.build = built_and_traced(vars(cls)["build"])  # type: ignore[attr-defined]


Layer.written_as_keras_s = staticmethod(written_as_keras_s)
written_as_keras_s(Lambda)
