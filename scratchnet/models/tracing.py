"""A layer written Keras's way: its `call` is traced once into a graph.

`call` is given what `Input` returns, and the layers and operations that it composes
are the graph; nothing of it runs again afterwards. So it may not decide anything by the
numbers in an array. Where it takes ``training``, it is traced with True and with False:
layers that it tells so follow whoever runs the graph, and those that only the first
trace calls must do nothing at inference, as `Dropout` does.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scratchnet.foundation import naming
from scratchnet.foundation.tensor import Variable
from scratchnet.layers.input_layer import InputLayer
from scratchnet.layers.layer import Layer
from scratchnet.models import graph
from scratchnet.models.graph import Node

# What a network keeps for itself: no layers of the user's are among it.
INTERNAL = frozenset(("sources", "_nodes", "_tensors", "calls", "_cache", "optimizer"))

# The operations whose layers give out what they are given, at inference.
IDLE = frozenset(("dropout", "spatial_dropout", "gaussian_noise", "gaussian_dropout"))

OUR_WAY = (
    "write forward(self, x, *, training) in its place, and backward(self, dy), which "
    "returns the gradient of x"
)


def tracked(thing: Any) -> Iterator[Layer]:
    """Yield the layers in a layer's attributes, and in lists and dictionaries there."""
    met: set[int] = set()
    for name, value in vars(thing).items():
        if name not in INTERNAL:
            for layer in _layers_in(value):
                if id(layer) not in met and layer is not thing:
                    met.add(id(layer))
                    yield layer


def places(thing: Any) -> Iterator[tuple[str, list[Layer] | Layer]]:
    """Yield where a layer's attributes have layers, in the order of Keras's files.

    A model has all its layers once more as ``layers``; what stands first counts.

    Reference: `keras/src/saving/saving_lib.py` (_walk_saveable).
    """
    found = {name: one for name, one in vars(thing).items() if name not in INTERNAL}
    if hasattr(thing, "fit"):
        found["layers"] = thing.layers
    for name in sorted(found, key=lambda name: (name.startswith("_"), name)):
        value = found[name]
        if isinstance(value, Layer):
            yield name, value
        elif layers := [*_layers_in(value)]:
            yield name, layers


def _layers_in(value: Any) -> Iterator[Layer]:
    if isinstance(value, Layer):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _layers_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _layers_in(one)


def trace(
    network: Any, sources: list[InputLayer], given: Any
) -> tuple[list[Node], tuple[int, ...], Any]:
    """Return the nodes of what `call` composes, the outputs' places and structure.

    Raises:
        NotImplementedError: it does other things in training than otherwise.
        ValueError: it makes a layer with weights of its own each time, or its outputs
            don't come from its inputs.
        TypeError: it returns something else than tensors.
    """
    takes = inspect.signature(network.call).parameters
    with naming.preserved():  # what is named here has no names in Keras
        found = _trace(network, sources, given, False if "training" in takes else None)
        if "training" not in takes:
            return found
        nodes, ends, structure = _trace(network, sources, given, True)
    own = {id(layer) for layer in tracked(network)}
    kept, reduced = _without_idle(nodes, ends, len(sources), own, found[0])
    if _keys(*reduced, own) != _keys(found[0], found[1], own):
        raise NotImplementedError(
            f"{network.label}: call does other things in training than otherwise, and "
            "only layers that do nothing at inference, such as Dropout, may be left "
            f"out there; hand training on to the layers, or {OUR_WAY}"
        )
    at_inference = {at: node.training for at, node in zip(kept, found[0], strict=True)}
    merged = [
        node._replace(
            training=node.training if at_inference.get(at) == node.training else None
        )
        for at, node in enumerate(nodes)
    ]
    return merged, ends, structure


def _trace(
    network: Any, sources: list[InputLayer], given: Any, training: bool | None
) -> tuple[list[Node], tuple[int, ...], Any]:
    """Run `call` once on tensors."""
    named = {} if training is None else {"training": training}
    starts = [source.output for source in sources]
    with _weights_as_tensors(network):
        if given == "arguments":
            made = network.call(*starts, **named)
        else:
            made = network.call(graph.packed(starts, given), **named)
    ends = graph.tensors(f"outputs of {network.label}.call", made)
    nodes, places = graph.nodes_between(network.label, starts, ends, sources)
    nodes, places = _without_inputs(nodes, places, len(sources))
    own = {id(layer) for layer in tracked(network)}
    for layer, *_ in nodes:
        if id(layer) not in own and layer.weights and not layer.is_operation:
            raise ValueError(
                f"{network.label}: expected {layer.label}, which has weights, in an "
                "attribute of its own: make it in __init__ or build, and call it in "
                "call"
            )
    return nodes, places, graph.structure(made, in_order=True)


@contextmanager
def _weights_as_tensors(network: Any) -> Iterator[None]:
    """Put a tensor in each attribute that holds a weight.

    Whatever `call` does to a weight, ``self.w * 2`` too, becomes a part of the graph;
    of the weight's array it would become a constant.
    """
    weights = {
        name: value
        for name, value in vars(network).items()
        if isinstance(value, Variable) and value.source is not None
    }
    try:
        for name, weight in weights.items():
            object.__setattr__(network, name, weight.source())
        yield
    finally:
        for name, weight in weights.items():
            object.__setattr__(network, name, weight)


def _without_inputs(
    nodes: list[Node], ends: tuple[int, ...], count: int
) -> tuple[list[Node], tuple[int, ...]]:
    """Let what reads the input layers read the inputs themselves."""
    new: dict[int, int] = {i: i for i in range(count)}
    kept: list[Node] = []
    at, place = count, count
    for node in nodes:
        if isinstance(node.layer, InputLayer):
            new[at] = node.inputs[0]
            at += 1
            continue
        kept.append(node._replace(inputs=tuple(new[one] for one in node.inputs)))
        for _ in range(node.layer.output_count):
            new[at], at, place = place, at + 1, place + 1
    return kept, tuple(new[end] for end in ends)


def _without_idle(
    nodes: list[Node],
    ends: tuple[int, ...],
    count: int,
    own: set[int],
    others: list[Node],
) -> tuple[list[int], tuple[list[Node], tuple[int, ...]]]:
    """Leave out the layers that do nothing at inference and are not among others.

    Returns:
        Which nodes are left, and the graph that they are.
    """
    there = {_key(node.layer, own) for node in others}
    new: dict[int, int] = {i: i for i in range(count)}
    kept: list[int] = []
    reduced: list[Node] = []
    place, end = count, count
    for at, node in enumerate(nodes):
        inputs = tuple(new[one] for one in node.inputs)
        if _key(node.layer, own) not in there and _is_idle(node.layer):
            new[place], place = inputs[0], place + 1
            continue
        kept.append(at)
        reduced.append(node._replace(inputs=inputs))
        for _ in range(node.layer.output_count):
            new[place], place, end = end, place + 1, end + 1
    return kept, (reduced, tuple(new[one] for one in ends))


def _is_idle(layer: Layer) -> bool:
    if layer.nodes:
        return all(_is_idle(node.layer) for node in layer.nodes)
    return layer.operation in IDLE or layer.trains_by_default


def _keys(nodes: list[Node], ends: tuple[int, ...], own: set[int]) -> list[Any]:
    """Return what two traces of the same graph have in common."""
    return [*((_key(node.layer, own), node.inputs) for node in nodes), ends]


def _key(layer: Layer, own: set[int]) -> Any:
    if id(layer) in own:
        return id(layer)
    config = {k: v for k, v in layer.get_config().items() if k != "name"}
    return type(layer).__name__, repr(config), repr(vars(layer).get("arguments"))


def adopt(network: Any) -> None:
    """Give each variable in an attribute to the layer, as one of its weights."""
    for name, value in [*vars(network).items()]:
        if isinstance(value, Variable) and value.source is None:
            weight = network.add_own(name, value, value.trainable)
            object.__setattr__(network, name, weight)
