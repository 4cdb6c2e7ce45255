"""What functions and operators of tensors have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from scratchnet.foundation.shapes import Shape, as_kernels_want
from scratchnet.foundation.tensor import Variable, as_tensor
from scratchnet.layers.keras_tensor import KerasTensor
from scratchnet.layers.layer import Layer


class Hole:
    """Stands where a call has a tensor; there is one, which copies are, too."""

    def __reduce__(self) -> str:
        """Copy and unpickle to the one."""
        return "HOLE"

    def __repr__(self) -> str:
        """Show that something is missing."""
        return "…"


HOLE = Hole()


class Operation(Layer):
    """A differentiable function without weights, as a node of a graph.

    Its settings, such as an axis, are arguments of the constructor; tensors, and the
    numbers and arrays beside them, are arguments of a call. An operation is called
    once, and keeps what of its call is constant. A subclass writes
    `compute_output_shape`,
    `forward` and `backward`, as a layer does.

    Args:
        arguments: those of the call, with `HOLE` for each tensor.
        **kwargs: `Layer`'s arguments.

    Reference: `keras/src/ops/operation.py`.
    """

    is_operation = True
    of_whole_numbers: ClassVar[bool] = False  # whether whole numbers make one
    adds_up: ClassVar[bool] = False  # whether that may be larger than each of them
    keras_module = "keras.src.ops.numpy"

    def __init__(self, arguments: Any = (HOLE,), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.arguments = list(arguments)

    def operands(self, x: Any) -> list[np.ndarray]:
        """Return the arguments of the call, with arrays in the places of tensors."""
        given = iter(x if isinstance(x, list) else [x])
        return [
            next(given) if one is HOLE else np.asarray(one, self.dtype)
            for one in self.arguments
        ]

    def operand_shapes(self, input_shape: Any) -> list[Shape]:
        """Return the shapes of the arguments."""
        given = iter(input_shape if isinstance(input_shape, list) else [input_shape])
        return [next(given) if one is HOLE else np.shape(one) for one in self.arguments]

    def of_holes(self, gradients: list[Any]) -> Any:
        """Return what `backward` returns: the gradients of the arguments' tensors."""
        found = [
            gradient
            for gradient, one in zip(gradients, self.arguments, strict=True)
            if one is HOLE
        ]
        return found[0] if len(found) == 1 else found

    # Any shape is taken as it is: weights have no batch's dimension.

    def open_batch(self, shape: Any) -> Any:
        """Return the shape, or the list of them, as it is."""
        return shape

    def shape_of(self, x: Any) -> Any:
        """Return the shape of an input, or of each."""
        return [one.shape for one in x] if isinstance(x, list | tuple) else x.shape

    def check_input(self, shape: Any) -> None:
        """Take any: an operation is called once."""

    def cast(self, x: Any) -> Any:
        """Return inputs as kernels want them."""
        if isinstance(x, list | tuple):
            return [as_kernels_want(one, self.dtype) for one in x]
        return as_kernels_want(x, self.dtype)

    def call_arguments(self, inputs: list[Any]) -> list[Any]:
        """Return the arguments of the call as a configuration writes them."""
        given = iter(inputs)
        return [_written(one, given) for one in self.arguments]

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {"name": self.name}


def _written(one: Any, given: Iterator[Any]) -> Any:
    if one is HOLE:
        return next(given)
    if isinstance(one, np.ndarray):
        config = {"value": one.tolist(), "dtype": one.dtype.name}
        return {"class_name": "__numpy__", "config": config}
    if isinstance(one, slice):
        config = {"start": one.start, "stop": one.stop, "step": one.step}
        return {"class_name": "__slice__", "config": config}
    if one is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(one, list | tuple):
        return [_written(part, given) for part in one]
    return one


def apply(kind: type[Operation], *arguments: Any, **settings: Any) -> Any:
    """Apply an operation to arrays at once; on tensors, make it a node of the graph."""
    tensors: list[KerasTensor] = []
    kept = [_kept(one, tensors) for one in arguments]
    if tensors:
        operation = kind(kept, dtype=tensors[0].dtype, **settings)
        return operation(tensors if len(tensors) > 1 else tensors[0])
    operation = kind(arguments, **settings)
    dtype = operation.dtype = _dtype(kind, arguments)
    nothing: Any = []
    return as_tensor(np.asarray(operation.forward(nothing, training=False), dtype))


def _dtype(kind: type[Operation], arguments: Any) -> np.dtype:
    """Return the dtype of a result as Keras has it: Python's numbers follow arrays'."""
    given = [one.dtype for one in arguments if isinstance(one, np.ndarray | np.generic)]
    kinds = {np.asarray(one).dtype.kind for one in arguments}
    if kind.adds_up and kinds <= {*"biu"}:
        return np.result_type(*given, np.uint32 if kinds == {"u"} else np.int32)
    if kind.of_whole_numbers and kinds <= {*"iu"}:
        return np.result_type(*given) if given else np.dtype(np.int32)
    double = any(one == np.float64 for one in given)
    return np.dtype(np.float64 if double else np.float32)


def _kept(one: Any, tensors: list[KerasTensor]) -> Any:
    """Return an argument with `HOLE` for its tensors, which are noted."""
    if isinstance(one, Variable) and one.source is not None:
        one = one.source()
    if isinstance(one, KerasTensor):
        tensors.append(one)
        return HOLE
    if isinstance(one, list | tuple):
        return [_kept(part, tensors) for part in one]
    return one
