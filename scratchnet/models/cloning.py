"""Models made again, with fresh weights or with other layers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from scratchnet.layers.input_layer import Input, InputLayer
from scratchnet.layers.keras_tensor import KerasTensor, flat
from scratchnet.layers.layer import Layer
from scratchnet.models import graph
from scratchnet.models.model import Model
from scratchnet.models.sequential import Sequential


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Model:
    """Make a model of new layers in the same graph, with weights of their own.

    It is compiled as the model is; a layer that is called several times stays one.

    Args:
        model: a `Sequential`, a `Model` of tensors, or of a class with a `call`.
        input_tensors: what to build on, given as the model's inputs are; None makes
            new ones.
        clone_function: layer → the layer that takes its place; by default one of the
            same configuration. Inputs are made anew always.
        call_function: called as ``call_function(layer, *inputs, **settings)`` in place
            of the layer; not with a `Sequential`.
        recursive: whether models in the model are cloned layer by layer, too.

    Raises:
        ValueError: the input tensors are others than the model's inputs, or an
            argument has no meaning for such a model.

    Reference: `keras/src/models/cloning.py`.
    """
    if model.is_traced and (clone_function or input_tensors is not None):
        raise ValueError(
            f"clone_model: {model.label} is a class with a call, which makes its own "
            "layers: expected neither clone_function nor input_tensors"
        )
    if call_function is not None and (model.is_traced or isinstance(model, Sequential)):
        raise ValueError(
            f"clone_model: expected call_function with a Model(inputs, outputs) alone, "
            f"received it with {model.label}"
        )
    if model.is_traced:
        cloned: Any = type(model).from_config(model.get_config())
    else:
        clone = _remembered(clone_function or _same, call_function, recursive)
        if isinstance(model, Sequential):
            cloned = _sequential(model, clone, input_tensors)
        else:
            cloned = _graph(model, clone, input_tensors, call_function or _called)
    if model.optimizer is not None:
        cloned.compile_from_config(model.get_compile_config())
    return cloned


def _same(layer: Any) -> Layer:
    return type(layer).from_config(layer.get_config())


def _called(layer: Layer, *inputs: Any, **settings: Any) -> Any:
    return layer(*inputs, **settings)


def _remembered(
    clone: Callable[[Layer], Layer],
    call_function: Callable[..., Any] | None,
    recursive: bool,
) -> Callable[[Layer], Layer]:
    """Return what clones each layer once."""
    known: dict[int, Layer] = {}

    def once(layer: Layer) -> Layer:
        if id(layer) not in known:
            if layer.is_operation:
                known[id(layer)] = copy.deepcopy(layer)
            elif recursive and isinstance(layer, Model) and not layer.is_traced:
                call = None if isinstance(layer, Sequential) else call_function
                known[id(layer)] = clone_model(layer, None, once, call, True)
            else:
                known[id(layer)] = clone(layer)
        return known[id(layer)]

    return once


def _sequential(
    model: Sequential, clone: Callable[[Layer], Layer], input_tensors: Any
) -> Sequential:
    layers = [clone(layer) for layer in model.layers]
    known = model.sources or input_tensors is not None
    starts = _starts(model, input_tensors) if known else []
    return Sequential([*starts, *layers], trainable=model.trainable, name=model.name)


def _graph(
    model: Model,
    clone: Callable[[Layer], Layer],
    input_tensors: Any,
    call: Callable[..., Any],
) -> Model:
    starts = _starts(model, input_tensors)
    at = [*starts]
    for layer, inputs, training in model.nodes:
        read = [at[place] for place in inputs]
        if isinstance(layer, InputLayer):
            at += read
            continue
        new = clone(layer)
        given = read if len(read) == 1 else [read]
        settings = {} if training is None else {"training": training}
        at += flat(call(new, *given, **settings))
    begin, end = model._given
    ends = graph.packed([at[place] for place in model._ends], end)
    return type(model)(graph.packed(starts, begin), ends, name=model.name)


def _starts(model: Model, input_tensors: Any) -> list[KerasTensor]:
    """Return the tensors to build on.

    Raises:
        ValueError: they are not given as the model's inputs are.
    """
    if input_tensors is None:
        return [
            Input(batch_shape=one.batch_shape, dtype=one.dtype, name=one.name)
            for one in model.sources
        ]
    starts, as_given = flat(input_tensors), graph.structure(input_tensors)
    fit = len(starts) == max(len(model.sources), 1) and (
        as_given == model._given[0] or len(starts) == 1
    )
    if not fit or not all(isinstance(one, KerasTensor) for one in starts):
        raise ValueError(
            f"clone_model: expected input_tensors as the inputs of {model.label} are "
            f"given; received {input_tensors!r:.80}"
        )
    return starts
