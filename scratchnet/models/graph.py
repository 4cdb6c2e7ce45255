"""Graphs of layers: their nodes, and how they are found and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from scratchnet.foundation.shapes import Shape
from scratchnet.layers.input_layer import InputLayer
from scratchnet.layers.keras_tensor import Call, KerasTensor, flat
from scratchnet.layers.layer import Layer


class Node(NamedTuple):
    """A layer at one place of a graph, and the places that it reads.

    The first places are the model's inputs; behind them stand the outputs of the nodes,
    in their order.

    Attributes:
        layer: what is called.
        inputs: the places that it reads.
        training: what the call says of it; None leaves it to who runs the model.
    """

    layer: Layer
    inputs: tuple[int, ...]
    training: bool | None = None


def every_layer(layers: Iterable[Any]) -> Iterator[Any]:
    """Yield layers, and after a model those that it is made of."""
    for layer in layers:
        yield layer
        if layer.nodes:
            yield from every_layer(layer.layers)


def tensors(what: str, given: Any) -> list[KerasTensor]:
    """Return the inputs, or outputs, of a graph as a list.

    Raises:
        TypeError: one is something else.
    """
    found = flat(given)
    for one in found or [given]:
        if not isinstance(one, KerasTensor):
            hint = "; call it on what it reads" if isinstance(one, Layer) else ""
            raise TypeError(
                f"Model: expected {what} made by Input and by layers called on it, "
                f"received {one!r:.80}{hint}"
            )
    return found


def structure(given: Any, *, in_order: bool = False) -> Any:
    """Return how several things are given: alone, as a list, or by keys.

    Args:
        given: them.
        in_order: whether keys stay in their order, instead of being sorted.
    """
    if isinstance(given, dict):
        return tuple(given if in_order else sorted(given))
    return "list" if isinstance(given, list | tuple) else None


def packed(things: list[Any], as_given: Any) -> Any:
    """Return things, in the order of `flat`, in such a structure."""
    if isinstance(as_given, tuple):
        by_key = dict(zip(sorted(as_given), things, strict=True))
        return {key: by_key[key] for key in as_given}
    return things[0] if as_given is None else things


def nodes_between(
    who: str,
    starts: list[KerasTensor],
    ends: list[KerasTensor],
    sources: list[InputLayer],
) -> tuple[list[Node], tuple[int, ...]]:
    """Follow a graph from its outputs back to its inputs.

    Args:
        who: the model, for messages.
        starts: where the graph begins.
        ends: where it ends.
        sources: the layers that stand for the starts.

    Returns:
        The nodes in Keras's order, and the places of the outputs.

    Raises:
        ValueError: the outputs need something else, or nothing of the inputs.
    """
    begun = {id(one): src.calls[0] for one, src in zip(starts, sources, strict=True)}

    def call_of(tensor: KerasTensor) -> Call:
        call = begun.get(id(tensor), tensor.call)
        if isinstance(call.layer, InputLayer) and call.layer not in sources:
            raise ValueError(
                f"{who}: expected outputs that come from the inputs alone, but they "
                f"need {tensor!r}, too"
            )
        return call

    def inputs_of(call: Call) -> list[Call]:
        return [call_of(one) for one in call.inputs]

    last = list(dict.fromkeys(call_of(one) for one in ends))
    order = in_order(last, inputs_of, lambda call: id(call.layer))
    unread = [src.calls[0] for src in sources if src.calls[0] not in order]
    if len(unread) == len(sources):
        raise ValueError(f"{who}: the outputs don't depend on the inputs")
    places: dict[tuple[int, int], int] = {}
    for call in (order := [*unread, *order]):
        for i in range(len(call.outputs)):
            places[id(call), i] = len(sources) + len(places)

    def place(tensor: KerasTensor) -> int:
        call = call_of(tensor)
        return places[
            id(call), call.outputs.index(tensor) if call is tensor.call else 0
        ]

    nodes = [
        Node(call.layer, (sources.index(call.layer),))
        if call.layer in sources
        else Node(call.layer, tuple(map(place, call.inputs)), call.training)
        for call in order
    ]
    return nodes, tuple(map(place, ends))


def in_order(
    last: list[Any],
    inputs_of: Callable[[Any], Iterable[Any]],
    layer_of: Callable[[Any], Any],
) -> list[Any]:
    """Return the calls of layers that lead to the last ones, each after what it reads.

    The order is Keras's, by which its files number layers of one class: the farther
    from the output, the earlier; among equals, as they are met on the way back.

    Args:
        last: the calls that make the outputs.
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
    last: list[Any],
    inputs_of: Callable[[Any], Iterable[Any]],
    layer_of: Callable[[Any], Any],
    met: dict[Any, int],
) -> list[Any]:
    """Walk back from the last calls; note in ``met`` when each layer is met first."""
    done: dict[Any, None] = {}
    begun: set[Any] = set()
    stack: list[Any] = []

    def begin(call: Any) -> None:
        begun.add(call)
        met.setdefault(layer_of(call), len(met))
        stack.append((call, iter(inputs_of(call))))

    for end in last:
        if end not in done:
            begin(end)
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
    return read[0] if len(read) == 1 else read


class Origin(NamedTuple):
    """What stands at a place: which output of which call of which layer."""

    layer: Layer
    call: int
    output: int

    @property
    def history(self) -> list[Any]:
        """The same as a configuration writes it."""
        return [self.layer.name, self.call, self.output]


def origins(model: Any) -> list[Origin]:
    """Return what stands at each place of a model."""
    counts: Counter[str] = Counter()
    found = [Origin(source, 0, 0) for source in model.sources]
    for node in model.nodes:
        found += [
            Origin(node.layer, counts[node.layer.name], output)
            for output in range(node.layer.output_count)
        ]
        counts[node.layer.name] += 1
    return found


def call_config(node: Node, at: list[Origin]) -> dict[str, Any]:
    """Return what a configuration says of one call of a layer."""
    read = []
    for place in node.inputs:
        layer, _, output = origin = at[place]
        shape = layer.output_shape
        config = {
            "shape": shape if layer.output_count == 1 else shape[output],
            "dtype": layer.dtype.name,
            "keras_history": origin.history,
        }
        read.append({"class_name": "__keras_tensor__", "config": config})
    forced = {} if node.training is None else {"training": node.training}
    return {"args": node.layer.call_arguments(read), "kwargs": forced}


def shapes(given: Any) -> list[Any]:
    """Return one shape, or several as a list or a dictionary, as a list of tuples."""
    if isinstance(given, dict):
        return [tuple(given[key]) for key in sorted(given)]
    if isinstance(given, list | tuple) and any(
        isinstance(one, list | tuple) for one in given
    ):
        return [tuple(one) for one in given]
    return [tuple(given)] if isinstance(given, list | tuple) else [()]


def fits(shape: Shape, expected: Shape) -> bool:
    """Tell whether a batch's shape is one that is expected."""
    return len(shape) == len(expected) and all(
        want is None or got == want for got, want in zip(shape, expected, strict=True)
    )
