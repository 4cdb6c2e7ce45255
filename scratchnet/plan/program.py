"""A program: operations in order, each with the places of those that it reads."""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from typing import Any, Protocol

import numpy as np

from scratchnet.foundation.shapes import Shape
from scratchnet.layers.activity_penalty import ActivityPenalty
from scratchnet.layers.layer import Layer

# What a class derived from one of scratchnet's layers may write anew without computing
# anything else.
HARMLESS = frozenset(("build", "get_config", "from_config"))

# What none of scratchnet's own may write anew without saying what it is then.
COMPUTING = frozenset(("forward", "backward", "learn"))


class Operation(Protocol):
    """A step of a program: a layer, or what a rule made of several."""

    operation: str
    free_output: bool
    free_gradient: bool
    params: dict[str, np.ndarray]
    grads: dict[str, np.ndarray]
    dtype: np.dtype

    def cast(self, x: Any) -> Any:
        """Return an input, or a list of them, as `forward` wants it."""

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Compute the output for a batch; when training, keep what is needed below."""

    def backward(self, dy: np.ndarray) -> Any:
        """Overwrite `grads`, and return the gradient of each input."""

    def learn(self, dy: np.ndarray) -> Any:
        """Overwrite `grads`, where nobody needs the inputs' gradients."""

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the output's shape for an input's."""


class Program:
    """Operations in order, each with the places of those whose outputs it reads.

    The first places are the model's inputs; every other operation reads places before
    its own. A chain is the simplest case.

    Args:
        sources: the operations that read a batch: one for each input.
        input_shapes: of the inputs.
        whole_layers: whether each layer is one operation, even if it knows better.
        divided: layers that are what they say all the same.

    Attributes:
        operations: what runs.
        outputs: the places of what the model makes.
        inputs: the places that each operation reads.
        kinds: the name by which rules know each operation; "" is known by none.
        layers: the layer that each operation is, or is a part of.
        paths: its name, behind those of the models that it is in: ``block/dense``.
        shapes: of each operation's output, None for the batch's size.
        repeated: of a layer that stands at several places: its gradients, and those of
            a place to be added to them.
    """

    def __init__(
        self,
        sources: Sequence[Any],
        input_shapes: Sequence[Shape],
        whole_layers: bool = False,
        divided: Sequence[Layer] = (),
    ) -> None:
        count = len(sources)
        self.operations: list[Any] = [*sources]
        self.inputs: list[tuple[int, ...]] = [()] * count
        self.kinds: list[str] = [source.operation for source in sources]
        self.layers: list[Any] = [None] * count
        self.paths: list[str] = [""] * count
        self.shapes: list[Shape] = [*input_shapes]
        self.outputs: tuple[int, ...] = ()
        self.source_count = count
        self.repeated: list[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]] = []
        self.whole_layers, self.divided = whole_layers, divided
        self._within: list[Any] = []  # from the model down to the layer being added
        self._training: bool | None = None  # what the calls down to it say of it

    # Writing it.

    def add(
        self,
        layer: Layer,
        *places: int,
        inside: bool = False,
        training: bool | None = None,
    ) -> Any:
        """Append a layer as the operations that it says it is.

        A model is its layers. A class of the user's own, derived from one of
        scratchnet's, may compute something else, and stays one operation.

        Args:
            layer: what to append.
            places: what it reads.
            inside: whether a model is its layers whatever its class says: it is the
                model itself that asks.
            training: whether it runs as in training, whoever asks; None leaves it open.

        Returns:
            The place of the output; of several outputs, a tuple.
        """
        self._within.append(layer)
        outer = self._training
        self._training = outer if training is None else training
        divides = layer.nodes or not self.whole_layers or layer in self.divided
        if inside or (divides and is_as_written(layer, "lower")):
            place = layer.lower(self, *places)
        else:
            place = self.append(layer, *places)
        if layer.activity_regularizer is not None:
            place = self.append(ActivityPenalty(layer), place)
        self._within.pop()
        self._training = outer
        return place

    def append(self, operation: Any, *places: int) -> int:
        """Append an operation and return its place."""
        operation = self._of_its_own(operation)
        self.operations.append(_in_mode(operation, self._training))
        self.inputs.append(places)
        known = is_as_written(operation, "operation") and self._training is not True
        self.kinds.append(operation.operation if known else "")
        self.layers.append(self._within[-1])
        self.paths.append("/".join(layer.name for layer in self._within[1:]))
        shapes = [self.shapes[place] for place in places]
        self.shapes.append(
            operation.compute_output_shape(shapes[0] if len(places) == 1 else shapes)
        )
        return len(self.operations) - 1

    def _of_its_own(self, operation: Any) -> Any:
        """Return the operation, or a copy if the same layer stands here already.

        So it is where two operations share a weight, as `self.kernel` in a `call` and
        the layer that has it. The copy shares parameters and buffers, and has memory
        of its own, and gradients of what it shares.
        """
        before = self.operations[self.source_count :]
        taken = {id(array) for one in before for array in one.params.values()}
        shared = [name for name, one in operation.params.items() if id(one) in taken]
        if not shared and self.stands_once(operation, count=0):
            return operation
        if getattr(operation, "nodes", ()):
            raise NotImplementedError(
                f"{operation.label}: a model with a forward of its own keeps what it "
                "met in one place, and can't stand in two"
            )
        again = copy.copy(operation)
        own = {name: np.zeros_like(operation.grads[name]) for name in shared}
        again.grads = {**operation.grads, **own}
        self.repeated.append((operation.grads, own))
        return again

    # Reading and rewriting it.

    def stands_once(self, operation: Any, count: int = 1) -> bool:
        """Tell whether an operation of a layer stands at one place (or ``count``)."""
        places = [
            one
            for one in self.operations[self.source_count :]
            if one is operation or one.params is operation.params
        ]
        return len(places) == count

    def readers(self, place: int) -> list[int]:
        """Return the places of the operations that read a place."""
        return [at for at, places in enumerate(self.inputs) if place in places]

    def only_reader(self, place: int) -> int | None:
        """Return the place of the one operation that reads a place, if it is one.

        What the model makes is read by its user, too.
        """
        readers = self.readers(place)
        return readers[0] if len(readers) == 1 and place not in self.outputs else None

    def match(self, place: int, *kinds: str) -> list[Any] | None:
        """Return the operations of these kinds that follow one another from a place on.

        Each must be the only one that reads the one before: what lies between them may
        then disappear.
        """
        places = self._match(place, kinds)
        return None if places is None else [self.operations[at] for at in places]

    def _match(self, place: int | None, kinds: Sequence[str]) -> list[int] | None:
        found: list[int] = []
        for kind in kinds:
            if place is None or self.kinds[place] != kind:
                return None
            found.append(place)
            place = self.only_reader(place)
        return found

    def replace(self, place: int, count: int, operation: Any) -> None:
        """Put one operation in the place of several that follow one another.

        Args:
            place: of the first.
            count: how many they are.
            operation: what takes their place.
        """
        run = [place]
        while len(run) < count:
            run.append(self.readers(run[-1])[0])
        last = run[-1]
        self.operations[last] = operation
        self.kinds[last] = operation.operation
        self.inputs[last] = self.inputs[place]
        for gone in reversed(run[:-1]):
            self._remove(gone)

    def end_before(self, which: int) -> Any:
        """Let an output be what its operation reads, and return that operation.

        It stays where others read it, too.
        """
        place = self.outputs[which]
        outputs, operation = [*self.outputs], self.operations[place]
        (outputs[which],) = self.inputs[place]
        self.outputs = tuple(outputs)
        if not self.readers(place) and place not in outputs:
            self._remove(place)
        return operation

    def _remove(self, gone: int) -> None:
        for table in (
            *(self.operations, self.inputs, self.kinds, self.layers),
            *(self.paths, self.shapes),
        ):
            del table[gone]
        *self.inputs, self.outputs = [
            tuple(place - (place > gone) for place in places)
            for places in (*self.inputs, self.outputs)
        ]

    def above(self, trained: Collection[int]) -> list[np.ndarray]:
        """Return the parameters that some places depend on, or a penalty on outputs."""
        reached, found = {*trained}, []
        for at in reversed(range(len(self.operations))):
            operation = self.operations[at]
            if at in reached or isinstance(operation, ActivityPenalty):
                reached.update(self.inputs[at])
                found += operation.params.values()
        return found

    def needed(self, params: Collection[np.ndarray]) -> set[int]:
        """Return the places with one of these parameters at them, or before them."""
        learnt = {id(param) for param in params}
        needed: set[int] = set()
        for at, operation in enumerate(self.operations):
            own = any(id(param) in learnt for param in operation.params.values())
            if own or needed.intersection(self.inputs[at]):
                needed.add(at)
        return needed


class InTraining:
    """An operation that runs as in training in `predict`, too: Monte-Carlo dropout."""

    def __init__(self, operation: Any) -> None:
        self.always = operation

    def __getattr__(self, name: str) -> Any:
        """Return what the operation has."""
        return getattr(vars(self)["always"], name)

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Compute the output as in training."""
        return self.always.forward(x, training=True)

    def backward(self, dy: np.ndarray) -> Any:
        """Compute all gradients."""
        return self.always.backward(dy)

    def learn(self, dy: np.ndarray) -> Any:
        """Compute all gradients: what it is may have a `backward` of its own."""
        return self.always.backward(dy)


def _in_mode(operation: Any, training: bool | None) -> Any:
    """Return an operation that runs as a call says."""
    if training is None:
        return operation
    return InTraining(operation) if training else operation.at_inference()


def is_as_written(layer: Any, name: str) -> bool:
    """Tell whether a layer computes what the class that defines ``name`` computes.

    A class derived from it, or the object itself, may have another `forward`, say; then
    what that class says of itself does not hold.
    """
    mro = type(layer).__mro__
    home = next((cls for cls in mro if name in vars(cls)), None)
    if home is None:
        return False
    rewritten = {own for own in vars(layer) if hasattr(home, own)}
    for cls in mro[: mro.index(home)]:
        if not cls.__module__.startswith("scratchnet."):  # our own speak for themselves
            # A model's layers compute.
            rewritten |= set(vars(cls)) & COMPUTING if layer.nodes else set(vars(cls))
    if layer.nodes:
        rewritten &= COMPUTING
    return not any(_is_computed(home, own) for own in rewritten - HARMLESS)


def _is_computed(cls: type, name: str) -> bool:
    """Tell whether a class has a method or a property of this name."""
    found = getattr(cls, name, None)
    return not name.startswith("__") and (
        callable(found) or isinstance(found, property)
    )
