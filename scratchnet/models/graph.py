"""Graphs of layers: their nodes, and how they are found and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from scratchnet.foundation.shapes import Shape
from scratchnet.layers.input_layer import InputLayer
from scratchnet.layers.keras_tensor import KerasTensor
from scratchnet.layers.layer import Layer


class Node(NamedTuple):
    """A layer at one place of a graph, and the places that it reads.

    Place 0 is the model's input, place i the output of its i-th node.
    """

    layer: Layer
    inputs: tuple[int, ...]


def every_layer(layers: Iterable[Any]) -> Iterator[Any]:
    """Yield layers, and after a model those that it is made of."""
    for layer in layers:
        yield layer
        if layer.nodes:
            yield from every_layer(layer.layers)


def only(what: str, tensors: Any) -> KerasTensor:
    """Return the one input, or output, of a graph."""
    if isinstance(tensors, list | tuple) and len(tensors) == 1:
        tensors = tensors[0]
    if isinstance(tensors, list | tuple | dict) and len(tensors) > 1:
        raise NotImplementedError(
            f"Model: {len(tensors)} {what} are outside scratchnet's subset of Keras; a "
            "model has one input and one output"
        )
    if not isinstance(tensors, KerasTensor):
        hint = "; call it on what it reads" if isinstance(tensors, Layer) else ""
        raise TypeError(
            f"Model: expected {what} made by Input and by layers called on it, "
            f"received {tensors!r:.80}{hint}"
        )
    return tensors


def nodes_between(
    who: str, start: KerasTensor, end: KerasTensor, source: InputLayer
) -> list[Node]:
    """Follow a graph from its output back to its input."""

    def inputs_of(tensor: KerasTensor) -> tuple[KerasTensor, ...]:
        if tensor is not start and not tensor.inputs:
            raise ValueError(
                f"{who}: expected outputs that come from the inputs alone, but they "
                f"need {tensor!r}, too"
            )
        return () if tensor is start else tensor.inputs

    order = in_order(end, inputs_of, lambda tensor: id(tensor.layer))
    if start not in order:
        raise ValueError(f"{who}: the outputs don't depend on the inputs")
    places = {tensor: at for at, tensor in enumerate(order, 1)}
    return [
        Node(source, (0,))
        if tensor is start
        else Node(tensor.layer, tuple(places[one] for one in tensor.inputs))
        for tensor in order
    ]


def in_order(
    last: Any,
    inputs_of: Callable[[Any], Iterable[Any]],
    layer_of: Callable[[Any], Any],
) -> list[Any]:
    """Return the calls of layers that lead to the last one, each after what it reads.

    The order is Keras's, by which its files number layers of one class: the farther
    from the output, the earlier; among equals, as they are met on the way back.

    Args:
        last: the call that makes the output.
        inputs_of: the calls that a call reads.
        layer_of: whose call it is; any key of the layer.

    Raises:
        ValueError: a call reads, over others, its own output.

    Reference: `keras/src/ops/function.py` (map_graph).
    """
    met: dict[Any, int] = {}
    depth: dict[Any, int] = {}
    calls = _inputs_first(last, inputs_of, layer_of, met)
    for call in reversed(calls):
        layer = layer_of(call)
        depth[layer] = depth[call] = max(depth.get(call, 0), depth.get(layer, 0))
        for one in inputs_of(call):
            depth[one] = max(depth.get(one, 0), depth[call] + 1)
    return sorted(calls, key=lambda call: (-depth[call], met[layer_of(call)]))


def _inputs_first(
    last: Any,
    inputs_of: Callable[[Any], Iterable[Any]],
    layer_of: Callable[[Any], Any],
    met: dict[Any, int],
) -> list[Any]:
    """Walk back from the last call; note in ``met`` when each layer is met first."""
    done: dict[Any, None] = {}
    begun: set[Any] = set()
    stack: list[Any] = []

    def begin(call: Any) -> None:
        begun.add(call)
        met.setdefault(layer_of(call), len(met))
        stack.append((call, iter(inputs_of(call))))

    begin(last)
    while stack:
        call, inputs = stack[-1]
        for one in inputs:
            if one in begun and one not in done:
                raise ValueError("model: a layer reads its own output")
            if one not in done:
                begin(one)
                break
        else:
            done[call] = None
            stack.pop()
    return list(done)


def output_shape(layer: Layer, input_shape: Any) -> Shape:
    """Return what a layer makes of a shape; it may have been built for another one."""
    if layer.built:
        layer.check_input(input_shape)
    return layer.compute_output_shape(input_shape)


def read(shapes: list[Any], inputs: tuple[int, ...]) -> Any:
    """Return the shape that a layer reads, or the list of them."""
    read = [shapes[place] for place in inputs]
    return read if len(read) > 1 else read[0]


def calls_of(nodes: list[Node]) -> list[tuple[str, int]]:
    """Return each node as a configuration names it: its layer, and which call of it."""
    counts: Counter[str] = Counter()
    calls = []
    for node in nodes:
        calls.append((node.layer.name, counts[node.layer.name]))
        counts[node.layer.name] += 1
    return calls


def call_config(
    nodes: list[Node], calls: list[tuple[str, int]], inputs: tuple[int, ...]
) -> dict[str, Any]:
    """Return what a configuration says of one call of a layer."""
    read = [
        {
            "class_name": "__keras_tensor__",
            "config": {
                "shape": nodes[place - 1].layer.output_shape,
                "dtype": nodes[place - 1].layer.dtype.name,
                "keras_history": [*calls[place - 1], 0],
            },
        }
        for place in inputs
    ]
    return {"args": [read if len(read) > 1 else read[0]], "kwargs": {}}
