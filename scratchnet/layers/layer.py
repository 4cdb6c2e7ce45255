"""The contract that every layer keeps."""

from __future__ import annotations

import functools
import inspect
from typing import Any, ClassVar, NoReturn, cast

import numpy as np

from scratchnet import regularizers
from scratchnet.foundation import lookup, naming, overrides, random, workspace
from scratchnet.foundation.arguments import check_dtype, sample_shape
from scratchnet.foundation.attributes import constructor_arguments, is_set_from_outside
from scratchnet.foundation.outside import (
    keras_signature,
    only_in_keras,
    unknown_argument,
)
from scratchnet.foundation.overrides import is_user_s
from scratchnet.foundation.shapes import Shape, as_kernels_want, format_shape
from scratchnet.foundation.tensor import as_tensor
from scratchnet.layers.arrays import Arrays
from scratchnet.layers.changing import STATE, change
from scratchnet.layers.keras_tensor import Call, KerasTensor, flat, is_symbolic
from scratchnet.layers.regularized import Regularized


@keras_signature
class Layer(Regularized):
    """A differentiable function with parameters: the base of every layer.

    A subclass writes four methods; `Dropout` and `Dense` are good ones to read.

    - ``__init__`` takes hyperparameters only, and checks them at once;
    - ``build(input_shape, rng)`` allocates `params`, `grads` (same keys, same
      shapes) and `buffers` (arrays that are kept but not learnt);
    - ``forward(x, *, training)`` computes y, never changes x, and remembers what
      ``backward`` needs only when training;
    - ``backward(dy)`` takes ∂loss/∂y, overwrites `grads` with ∂loss/∂parameter and
      returns ∂loss/∂x.

    `compute_output_shape` is needed where the output's shape is not the input's, and
    `get_config` where the constructor has arguments of its own. A layer that joins
    branches takes a list of arrays and returns a list of gradients: see `Merge`.

    A compiled model runs a plan (`scratchnet/plan`), and a layer says what it is there:
    ``operation``, ``lower``, ``learn`` and the two ``free_…``. What is said here holds
    for any layer; each of scratchnet's own says more, so that rules can make it faster.

    Args:
        trainable: whether the optimizer may change the parameters.
        dtype: float32 or float64; by default `config.floatx`, which is float32.
        name: shown in tables and messages; by default the class's name in snake case
            with a number.
        input_shape: shape of one sample; on a first layer it stands for an `Input`
            before it.
        input_dim: n for ``input_shape=(n,)``.
        activity_regularizer: a `regularizers.Regularizer`, or the name of one: a
            penalty on the output, divided by the batch's size.
        kernel_regularizer, bias_regularizer, gamma_regularizer …: a penalty on the
            weight of that name.
        kernel_constraint, bias_constraint, gamma_constraint …: a
            `constraints.Constraint`, or the name of one, that the weight is made to
            keep after every step.

    Attributes:
        params: name → array, learnt by the optimizer. Keras's names (``kernel``).
        grads: name → gradient of the last ``backward``.
        buffers: name → array, such as moving statistics.
        nodes: the graph of a layer that is made of layers, which `Model` has.
        output_count: how many arrays ``forward`` returns; only models have several.
        is_operation: whether it is what a function or an operator does to tensors;
            models count it among their `operations`, not among their `layers`.
        calls: where the layer stands in graphs, since it was made.
        built_at_once: whether Keras's summary takes it for built before it has met a
            shape.
        trains_by_default: whether it runs as in training when it is called by hand and
            nobody says: as layers that change images at random do, as in Keras.
        weight_names: the names among params and buffers that are weights, in Keras's
            order; Keras's `get_weights` and files follow it.
        operation: what the layer computes, in the words of `kernels`: rules know it by
            that. "" for a layer of the user's own, which runs as it is.
        free_output: whether y is an array of the layer's own that ``backward`` does not
            read, so that the operation after it may write over it.
        free_gradient: whether dx is an array of the layer's own, likewise.

    Raises:
        TypeError: an argument is unknown.
        ValueError: dtype, name or a shape is not what is said above.

    Reference: `keras/src/layers/layer.py`.
    """

    nodes: Any = ()
    output_count: int = 1
    is_operation: bool = False
    built_at_once: bool = False
    trains_by_default: bool = False
    operation: str = ""
    free_output: bool = False
    free_gradient: bool = False
    changes: int = 0  # of its arguments, since it was made: a plan goes by them
    _building: bool = False

    def __init__(
        self,
        *,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
        input_shape: Shape | None = None,
        input_dim: int | None = None,
        activity_regularizer: Any = None,
        **unknown: Any,
    ) -> None:
        self._take_regularizers_and_constraints(unknown)
        if unknown:
            raise unknown_argument(
                type(self).__name__, min(unknown), constructor_arguments(type(self))
            )
        self.name = naming.check(name) if name else naming.unique(self.class_name)
        self.trainable = bool(trainable)
        self.dtype = check_dtype(self.label, dtype)
        if input_dim is not None:
            if input_shape is not None:
                raise ValueError(
                    f"{self.label}: expected input_dim or input_shape, received "
                    f"input_dim={input_dim!r} and input_shape={input_shape!r}"
                )
            input_shape = (input_dim,)
        self.input_shape_argument = (
            None if input_shape is None else sample_shape(self.label, input_shape)
        )
        self.built = False
        self.calls: list[Call] = []
        self.input_shape: Any = None
        self.output_shape: Any = None
        self.params, self.grads, self.buffers = Arrays(), Arrays(), Arrays()
        self._cache: Any = None
        self._beside: dict[tuple[str, str], Any] = {}
        self.activity_regularizer = regularizers.get(activity_regularizer)

    def __init_subclass__(cls, **more: Any) -> None:
        """Take a class that is written Keras's way for what it is."""
        super().__init_subclass__(**more)
        overrides.refuse(cls, "Layer")
        if cls.written_as_keras_s is not None:
            cls.written_as_keras_s(cls)
        if "build" in vars(cls) and cls.ensure_built is Layer.ensure_built:
            cls.build = _as_in_keras(cls.build)  # type: ignore[method-assign]

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute that there is; an argument as the constructor would.

        Raises:
            AttributeError: there is none, or it can't be changed any more.
        """
        if name in vars(self) and not name.startswith("_") and is_set_from_outside():
            made = next(one for one in type(self).__mro__ if not is_user_s(one))
            traced = hasattr(type(self), "call")
            if name in ("params", "grads", "buffers"):
                getattr(self, name).update(value)
                return
            if name not in STATE and not traced and name in constructor_arguments(made):
                change(self, made, name, value)
                return
        super().__setattr__(name, value)

    # What makes a class with a `call` a graph of layers: `models`, which stands on this
    # file, says how.
    written_as_keras_s: ClassVar[Any] = None

    # What a subclass writes.

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Allocate the parameters; a layer without any needs no build of its own.

        A layer's user may leave the generator out, as in Keras: then it is built once,
        as if it had met such an input.

        Args:
            input_shape: shape of the input, the batch's dimension (None) first.
            rng: source of the initial values.
        """

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the output for a batch."""
        raise NotImplementedError(f"{self.label}: forward is not written")

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Carry the loss's gradient from the output to the input and parameters."""
        raise NotImplementedError(f"{self.label}: backward is not written")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape for an input's; here: the same."""
        return input_shape

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return name → shape of the weights that `build` would make, without them."""
        return {}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype.name,
            **only_in_keras(type(self)),
            **{
                name: lookup.describe(one)
                for name, one in vars(self).items()
                if name.endswith(("_regularizer", "_constraint")) and one is not None
            },
        }

    # What a layer is in a plan.

    def lower(self, program: Any, *places: int) -> int:
        """Append the layer's operations to a program, and return the last one's place.

        Args:
            program: a `plan.Program`.
            places: where the operations that this layer reads stand.
        """
        return program.append(self, *places)

    def call_arguments(self, inputs: list[Any]) -> list[Any]:
        """Return what a call's arguments are, given what stands for its tensors."""
        return inputs if len(inputs) == 1 else [inputs]

    def learn(self, dy: np.ndarray) -> Any:
        """Overwrite `grads` as ``backward`` does, where nobody needs dx."""
        return self.backward(dy)

    def at_inference(self) -> Layer:
        """Return a layer that computes when training what this one does otherwise."""
        return self

    # What every layer has.

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Make a layer from what `get_config` returned."""
        return cls(**config)

    def ensure_built(
        self, input_shape: Any, rng: np.random.Generator | None = None
    ) -> None:
        """Build once, and note the shapes."""
        if self.built:
            return
        shape = self.open_batch(input_shape)
        output_shape = self.compute_output_shape(shape)
        vars(self)["_building"] = True
        try:
            self.build(shape, random.stream("initialisation") if rng is None else rng)
        finally:
            del vars(self)["_building"]
        self.input_shape, self.output_shape = shape, output_shape
        self.built = True

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        """Build if need be, check the input's shape, and run ``forward``.

        Where nobody says whether it runs as in training, `trains_by_default` does.

        On what `Input` returned, or another layer made of it, nothing is run: the
        result is a `KerasTensor`, which `Model` makes a graph of. There, ``training``
        holds whoever runs the graph: True is dropout in `predict`, too.
        """
        if is_symbolic(x):
            return self._symbolic(x, training)
        x = self.cast(x)
        self.ensure_built(self.shape_of(x))
        self.check_input(self.shape_of(x))
        if training is None:
            training = self.trains_by_default
        y = self.forward(x, training=bool(training))
        self.check_output(y)
        if self.activity_regularizer is not None:
            self.activity_penalty = self.penalty_on(y)
        return as_tensor(y)

    def _symbolic(self, x: Any, training: bool | None) -> Any:
        shape = self.shape_of(x)
        self.ensure_built(shape)
        self.check_input(shape)
        return self.record(flat(x), training)

    def record(self, inputs: list[KerasTensor], training: bool | None = None) -> Any:
        """Note a call on tensors of the right shapes, and return what it makes."""
        call = Call(self, inputs, training)
        call.outputs = (KerasTensor(self.output_shape, self.dtype, call),)
        self.calls.append(call)
        return call.outputs[0]

    @property
    def input(self) -> Any:
        """The tensor that the layer's first call reads, or the list of them."""
        inputs = self._first_call("input").inputs
        return inputs[0] if len(inputs) == 1 else [*inputs]

    @property
    def output(self) -> Any:
        """The tensor that the layer's first call makes."""
        return self._first_call("output").outputs[0]

    def _first_call(self, what: str) -> Call:
        if not self.calls:
            raise AttributeError(
                f"{self.label} has no {what} yet: it stands in no graph; call it on "
                "what Input returned, or build the model that it is in"
            )
        return self.calls[0]

    def __getstate__(self) -> dict[str, Any]:
        """Leave the graphs that the layer stands in out of copies and pickles."""
        return {**vars(self), "calls": []}

    def cast(self, x: Any) -> Any:
        """Return an input as kernels want it, in this layer's dtype."""
        return as_kernels_want(x, self.dtype)

    def shape_of(self, x: Any) -> Any:
        """Return the shape of an input."""
        if isinstance(x, list | tuple):
            raise ValueError(f"{self.label}: expected one input, received {len(x)}")
        return x.shape

    def open_batch(self, shape: Any) -> Any:
        """Return an input's shape with None for the batch's size."""
        return (None, *shape[1:])

    def check_input(self, shape: Any) -> None:
        """Compare a batch's shape with the one that the layer was built for.

        Raises:
            ValueError: rank or a dimension differs.
        """
        expected = self.input_shape
        if expected is None:
            raise RuntimeError(
                f"{self.label}: not built yet; call it on a batch, or add it to a "
                "Sequential with an Input"
            )
        if len(shape) != len(expected) or any(
            want is not None and got != want
            for got, want in zip(shape, expected, strict=True)
        ):
            raise ValueError(
                f"{self.label}: expected input {format_shape(expected)}, "
                f"received {format_shape(shape)}"
            )

    def check_output(self, y: Any) -> None:
        """Compare what ``forward`` of a class of the user's own made with its promise.

        Raises:
            ValueError: it has another shape than `compute_output_shape` says.
        """
        expected, shape = self.output_shape, np.shape(y)
        if not is_user_s(type(self)) or expected is None:
            return
        if len(shape) != len(expected) or any(
            want is not None and got != want
            for got, want in zip(shape, expected, strict=True)
        ):
            raise ValueError(
                f"{self.label}: its forward returned shape {shape}, but its "
                f"compute_output_shape says {format_shape(expected)}; write "
                "compute_output_shape(self, input_shape) so that it says what forward "
                "returns"
            )

    def check_gradient(self, dy: Any, shape: Shape) -> np.ndarray:
        """Return dy as kernels want it, if it has the output's shape.

        Raises:
            ValueError: it has another.
        """
        if np.shape(dy) != shape:
            raise ValueError(
                f"{self.label}: expected a gradient of the output's shape {shape}, "
                f"received {np.shape(dy)}"
            )
        return as_kernels_want(dy, self.dtype)

    def empty(self, name: str, shape: Shape) -> np.ndarray:
        """Return an array to write into, from the active workspace if there is one."""
        sizes = cast("tuple[int, ...]", shape)  # of a batch at hand: nothing is open
        return workspace.empty(self, name, sizes, self.dtype)

    def remember(self, cache: Any, *, training: bool) -> None:
        """Keep for ``backward`` what ``forward`` met, when training."""
        if training:
            vars(self)["_cache"] = cache  # past __setattr__: every step comes here

    def recall(self) -> Any:
        """Return what ``forward`` remembered.

        Raises:
            RuntimeError: there was no ``forward(training=True)``.
        """
        if self._cache is None:
            raise RuntimeError(
                f"{self.label}: backward needs a forward(x, training=True) before it"
            )
        return self._cache

    def add_loss(self, loss: Any) -> NoReturn:
        """Refuse a term of the loss that is computed anywhere.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            f"{self.label}: add_loss is outside scratchnet's subset of Keras; give a "
            "layer activity_regularizer=, or put layers.ActivityRegularization where "
            "the term is made; for weights, there are add_weight(regularizer=) and "
            "kernel_regularizer="
        )

    def __repr__(self) -> str:
        """Show what Keras shows."""
        return f"<{self.class_name} name={self.name}, built={self.built}>"

    @property
    def metrics(self) -> list[Any]:
        """The metrics of a layer: none; those of a model are `compile`'s."""
        return []


def _as_in_keras(build: Any) -> Any:
    """Let ``layer.build(input_shape)`` do what it does in Keras: build it once.

    A `build` of the user's own may be written without the generator; within it,
    ``super().build(input_shape)`` is but a part of building.
    """
    takes_a_generator = "rng" in inspect.signature(build).parameters

    @functools.wraps(build)
    def build_or_build_once(
        self: Layer, input_shape: Any, rng: np.random.Generator | None = None
    ) -> None:
        if rng is None and not self._building:
            self.ensure_built(tuple(input_shape))
        elif takes_a_generator:
            build(self, input_shape, rng or random.stream("initialisation"))
        else:
            build(self, input_shape)

    return build_or_build_once


Layer.build = _as_in_keras(Layer.build)  # type: ignore[method-assign]
