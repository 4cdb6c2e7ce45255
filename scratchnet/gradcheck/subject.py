"""The layer under check: a float64 copy that starts every evaluation alike."""

from __future__ import annotations

import contextlib
import copy
import pickle
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from scratchnet.foundation import random
from scratchnet.gradcheck import inputs
from scratchnet.layers.layer import Layer

# Types whose values nothing can change in place.
CONSTANTS = (
    str,
    bytes,
    int,
    float,
    complex,
    type,
    np.dtype,
    types.FunctionType,
    types.BuiltinFunctionType,
)


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
    """A copy of a layer in float64, on a batch x with an upstream gradient dy.

    Before each evaluation everything that the layer holds (parameters, moving
    statistics, a dropout's step, a generator of its own) and the global random
    numbers go back to one state. So a dropout mask is the same in all evaluations,
    and the loss that is differentiated is one function:

        L(x, parameters) = ⟨dy, y⟩,   y = forward(x)
    """

    def __init__(
        self,
        layer: Layer,
        x: np.ndarray,
        rng: np.random.Generator,
        *,
        training: bool,
    ) -> None:
        """Copy and, if need be, build the layer.

        Args:
            layer: never changed.
            x: a batch.
            rng: source of initial parameters.
            training: handed to ``forward``.

        Raises:
            ValueError: x does not fit the layer.
        """
        self.layer = copy.deepcopy(layer, _shared())
        self.x, self.training = x, training
        _to_float64(self.layer, {})
        self.layer.ensure_built(x.shape, rng)
        self.layer.check_input(x.shape)
        _to_float64(self.layer, {})
        self.layer._cache = None
        self._unsettle_weights(rng)
        for gradient in self.layer.grads.values():
            gradient[...] = 0
        self._state = self.layer.__dict__
        self._constant, self._changing = _split(self._state)
        self._random_state = _get_random_state()
        self._draws = True
        self._draws = self._moves_random_state()

    def _unsettle_weights(self, rng: np.random.Generator) -> None:
        weights = {**self.layer.named_weights, **self.layer.params}
        for weight in weights.values():
            inputs.unsettle(weight, rng)

    def _moves_random_state(self) -> bool:
        """Whether forward draws global random numbers; most layers don't."""
        before = pickle.dumps(_get_random_state())
        self.forward()
        return pickle.dumps(_get_random_state()) != before

    def _restore_random_state(self) -> None:
        if self._draws:
            _set_random_state(self._random_state)

    def tensor(self, name: str | None) -> np.ndarray:
        """Return a copy of a parameter's value, or of x for None."""
        value = self.x if name is None else self._state["params"][name]
        return np.array(value, np.float64)

    @property
    def params(self) -> dict[str, np.ndarray]:
        """The parameters at which gradients are checked."""
        return self._state["params"]

    def restart(self) -> Layer:
        """Put the copy and the random numbers back to their state, and return it."""
        known = {**_shared(), id(self.layer): self.layer}
        self.layer.__dict__ = self._constant | copy.deepcopy(self._changing, known)
        self._restore_random_state()
        return self.layer

    def rewind(self) -> Layer:
        """Put back buffers and random numbers alone; caches and gradients stay."""
        for name, value in self._state["buffers"].items():
            self.layer.buffers[name][...] = value
        self._restore_random_state()
        return self.layer

    def forward(
        self, name: str | None = None, value: np.ndarray | None = None
    ) -> np.ndarray:
        """Return a copy of y, with one tensor's value replaced.

        Args:
            name: a parameter, or None for x.
            value: what replaces it; None evaluates at the point itself.
        """
        layer = self.restart()
        x = self.x
        if name is None and value is not None:
            x = value
        elif name is not None:
            layer.params[name][...] = value
        return np.array(layer.forward(x.copy(), training=self.training))


def _shared() -> dict[int, Any]:
    # Layers compare their activation by identity, so a copy keeps the very object.
    from scratchnet import activations

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
        fields = value if isinstance(value, dict) else value.__dict__
        for key, item in fields.items():
            fields[key] = _to_float64(item, done)
    return result


def _split(fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields that copies may share, and those that need copies."""
    constant = {key: value for key, value in fields.items() if _is_constant(value)}
    return constant, {key: fields[key] for key in fields.keys() - constant.keys()}


def _is_constant(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_constant, value))
    return value is None or isinstance(value, CONSTANTS)


def _get_random_state() -> tuple[dict[str, Any], Any]:
    return copy.deepcopy(random.get_state()), np.random.get_state()  # noqa: NPY002


def _set_random_state(state: tuple[dict[str, Any], Any]) -> None:
    random.set_state(state[0])
    np.random.set_state(state[1])  # noqa: NPY002
