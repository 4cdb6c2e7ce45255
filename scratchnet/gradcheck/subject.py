"""The layer under check: a float64 copy that starts every evaluation alike."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from scratchnet import activations
from scratchnet.foundation import random
from scratchnet.gradcheck.inputs import unsettle
from scratchnet.layers.layer import Layer
from scratchnet.layers.merge import Merge

# What a gradient is taken of: the number of an input, or the name of a parameter.
Tensor = int | str


@contextlib.contextmanager
def random_numbers_kept(seed: int) -> Iterator[None]:
    """Grow scratchnet's streams from a seed, and leave all as it was afterwards.

    NumPy's global generator is kept too: a layer of your own may draw from it.
    """
    state = _get_random_state()
    random.reset(seed)
    try:
        yield
    finally:
        _set_random_state(state)


class Subject:
    """A copy of a layer in float64, at a batch.

    Every evaluation starts from a fresh copy of that copy (parameters, moving
    statistics, a dropout's step, a generator of its own) and from the same global
    random numbers. So a dropout mask is the same in all evaluations, and the loss that
    is differentiated is one function:

        L(x, parameters) = ⟨dy, y⟩,   y = forward(x)

    Args:
        layer: any layer, a model included; never changed.
        inputs: a batch, or one for each input of a layer that joins branches.
        rng: source of initial parameters.
        training: handed to ``forward``.

    Attributes:
        layer: the copy that was started last.

    Raises:
        ValueError: an input does not fit the layer.
    """

    def __init__(
        self,
        layer: Layer,
        inputs: list[np.ndarray],
        rng: np.random.Generator,
        *,
        training: bool,
    ) -> None:
        self.inputs, self.training = inputs, training
        self._start = self.layer = copy.deepcopy(layer, _shared())
        _to_float64(self.layer, {})
        shape = self.layer.shape_of(self.given(inputs))
        self.layer.ensure_built(shape, rng)
        self.layer.check_input(shape)
        _to_float64(self.layer, {})
        for one in _with_parts(self.layer):
            one._cache = None
            if "grads" in vars(one):  # what is put there is to be seen as it is
                vars(one)["grads"] = dict(one.grads)
        for weight in {**self.layer.named_weights, **self.params}.values():
            unsettle(weight, rng)
        for gradient in self.layer.grads.values():
            gradient[...] = 0
        self._random_state = _get_random_state()

    @property
    def params(self) -> dict[str, np.ndarray]:
        """The parameters at which gradients are checked."""
        return self._start.params

    @property
    def tensors(self) -> list[Tensor]:
        """What gradients are taken of: the inputs, then the parameters."""
        return [*range(len(self.inputs)), *self.params]

    def value(self, tensor: Tensor) -> np.ndarray:
        """Return the value of an input or a parameter at the point."""
        return self.inputs[tensor] if isinstance(tensor, int) else self.params[tensor]

    def name(self, tensor: Tensor) -> str:
        """Return what reports call it: ``x``, ``x1`` of several inputs, ``kernel``."""
        if isinstance(tensor, str):
            return tensor
        return "x" if len(self.inputs) == 1 else f"x{tensor + 1}"

    def given(self, inputs: list[np.ndarray]) -> Any:
        """Return copies of the inputs, as ``forward`` takes them."""
        copies = [one.copy() for one in inputs]
        return copies if isinstance(self.layer, Merge) else copies[0]

    def restart(self) -> Layer:
        """Go back to the beginning, and return a fresh copy of the layer."""
        self.layer = copy.deepcopy(self._start, _shared())
        _set_random_state(self._random_state)
        return self.layer

    def rewind(self) -> None:
        """Put back buffers and random numbers alone; caches and gradients stay."""
        for name, value in self._start.buffers.items():
            self.layer.buffers[name][...] = value
        _set_random_state(self._random_state)

    def forward(
        self, tensor: Tensor | None = None, value: np.ndarray | None = None
    ) -> np.ndarray:
        """Return a copy of y, with one tensor's value replaced, if one is given."""
        layer, inputs = self.restart(), list(self.inputs)
        if isinstance(tensor, int) and value is not None:
            inputs[tensor] = value
        elif isinstance(tensor, str):
            layer.params[tensor][...] = value
        return np.array(layer.forward(self.given(inputs), training=self.training))


def _shared() -> dict[int, Any]:
    # Layers compare their activation by identity, so a copy keeps the very object.
    return {id(function): function for function in activations.ALL.values()}


def _to_float64(value: Any, done: dict[int, Any]) -> Any:
    """Turn float32 into float64 in a layer and in all that it holds, in place.

    An array under two names stays one array: ``done`` maps what was met to what it
    became.
    """
    if id(value) in done:
        return done[id(value)][1]
    result = value
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        result = value.astype(np.float64, copy=False)
    elif isinstance(value, np.dtype) and value.kind == "f":
        result = np.dtype(np.float64)
    elif isinstance(value, list | tuple) and type(value) in (list, tuple):
        result = type(value)(_to_float64(item, done) for item in value)
    # The value is kept beside the result, or its id might be given to another.
    done[id(value)] = (value, result)
    if isinstance(value, Layer | dict):
        for node in () if isinstance(value, dict) else value.nodes:
            _to_float64(node.layer, done)
        fields = value if isinstance(value, dict) else value.__dict__
        for key, item in fields.items():
            fields |= {key: _to_float64(item, done)}  # `Arrays` would cast it back
    return result


def _with_parts(layer: Layer) -> Iterator[Layer]:
    """Yield a layer and, of a model, all that is in it."""
    yield layer
    for node in layer.nodes:
        yield from _with_parts(node.layer)


def _get_random_state() -> tuple[dict[str, Any], Any]:
    return copy.deepcopy(random.get_state()), np.random.get_state()  # noqa: NPY002


def _set_random_state(state: tuple[dict[str, Any], Any]) -> None:
    random.set_state(state[0])
    np.random.set_state(state[1])  # noqa: NPY002
