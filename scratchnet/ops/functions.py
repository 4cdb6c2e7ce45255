"""Functions of arrays, and of tensors: there, each is a node of the graph.

Reference: `keras/src/ops/numpy.py`, `keras/src/ops/nn.py`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.foundation import naming
from scratchnet.foundation.signatures import parameter, signed
from scratchnet.foundation.tensor import Tensor, as_tensor
from scratchnet.layers.keras_tensor import KerasTensor, is_symbolic
from scratchnet.ops import (
    arithmetic,
    arrays,
    conditions,
    elementwise,
    reductions,
    shaping,
)
from scratchnet.ops.operation import Operation, apply

__all__ = [
    "abs",
    "absolute",
    "add",
    "argmax",
    "argmin",
    "cast",
    "ceil",
    "clip",
    "concatenate",
    "convert_to_numpy",
    "convert_to_tensor",
    "divide",
    "equal",
    "exp",
    "expand_dims",
    "floor",
    "get_item",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "log",
    "logical_and",
    "logical_not",
    "logical_or",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "negative",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "power",
    "reshape",
    "shape",
    "sign",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "transpose",
    "true_divide",
    "var",
    "where",
    "zeros",
    "zeros_like",
]


def _applying(
    kind: type[Operation], *tensors: str, **settings: Any
) -> Callable[..., Any]:
    """Return an operation as a function of its tensors, by name, and its settings."""

    def function(**given: Any) -> Any:
        operands = [given.pop(name) for name in tensors]
        return apply(kind, *operands, **given)

    own = [*map(parameter, tensors), *(parameter(k, v) for k, v in settings.items())]
    doc = f"Return {(kind.__doc__ or '').removeprefix('y = ')}"
    return signed(function, naming.snake_case(kind.__name__), __name__, doc, own)


add = _applying(arithmetic.Add, "x1", "x2")
subtract = _applying(arithmetic.Subtract, "x1", "x2")
multiply = _applying(arithmetic.Multiply, "x1", "x2")
divide = _applying(arithmetic.Divide, "x1", "x2")
true_divide = _applying(arithmetic.TrueDivide, "x1", "x2")
power = _applying(arithmetic.Power, "x1", "x2")
maximum = _applying(arithmetic.Maximum, "x1", "x2")
minimum = _applying(arithmetic.Minimum, "x1", "x2")
matmul = _applying(arithmetic.Matmul, "x1", "x2")

negative = _applying(elementwise.Negative, "x")
absolute = abs = _applying(elementwise.Absolute, "x")
square = _applying(elementwise.Square, "x")
sqrt = _applying(elementwise.Sqrt, "x")
exp = _applying(elementwise.Exp, "x")
log = _applying(elementwise.Log, "x")

sum = _applying(reductions.Sum, "x", axis=None, keepdims=False)
mean = _applying(reductions.Mean, "x", axis=None, keepdims=False)
max = _applying(reductions.Max, "x", axis=None, keepdims=False)
min = _applying(reductions.Min, "x", axis=None, keepdims=False)


def _on_both(
    on_arrays: Callable[..., Any], kind: type[Operation]
) -> Callable[..., Any]:
    """Return a function that is an operation on tensors, and another on arrays."""

    def function(**given: Any) -> Any:
        operands = [*given.values()]
        return apply(kind, *operands) if _any_symbolic(operands) else on_arrays(**given)

    own = inspect.signature(on_arrays).parameters.values()
    return signed(function, on_arrays.__name__, __name__, on_arrays.__doc__ or "", own)


greater = _on_both(arrays.greater, conditions.Greater)
greater_equal = _on_both(arrays.greater_equal, conditions.GreaterEqual)
less = _on_both(arrays.less, conditions.Less)
less_equal = _on_both(arrays.less_equal, conditions.LessEqual)
equal = _on_both(arrays.equal, conditions.Equal)
not_equal = _on_both(arrays.not_equal, conditions.NotEqual)
logical_and = _on_both(arrays.logical_and, conditions.LogicalAnd)
logical_or = _on_both(arrays.logical_or, conditions.LogicalOr)
logical_not = _on_both(arrays.logical_not, conditions.LogicalNot)
sign = _on_both(arrays.sign, conditions.Sign)
floor = _on_both(arrays.floor, conditions.Floor)
ceil = _on_both(arrays.ceil, conditions.Ceil)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Return x₁ where the condition holds and x₂ elsewhere; or where it holds.

    Raises:
        ValueError: a tensor's places are asked for, which only values have.
    """
    if not _any_symbolic([condition, x1, x2]):
        return arrays.where(condition, x1, x2)
    if x1 is None or x2 is None:
        raise ValueError(
            "ops.where: expected x1 and x2 beside a condition on tensors, received "
            f"x1={x1!r} and x2={x2!r}: where it holds is known of values only"
        )
    return apply(conditions.Where, condition, x1, x2)


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the variance of x along axes; None is all."""
    if not is_symbolic(x):
        return arrays.var(x, axis, keepdims)
    return mean(square(x - mean(x, axis, True)), axis, keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the standard deviation of x along axes; None is all."""
    return sqrt(var(x, axis, keepdims))


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Return zeros of x's shape."""
    if not is_symbolic(x):
        return arrays.zeros_like(x, dtype)
    return cast(x < x, dtype or x.dtype)  # which holds of no number, nor of NaN


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Return ones of x's shape."""
    if not is_symbolic(x):
        return arrays.ones_like(x, dtype)
    return logical_not(zeros_like(x, dtype))


def clip(x: Any, x_min: float, x_max: float) -> Any:
    """Return x, no smaller than x_min and no larger than x_max."""
    return minimum(maximum(x, x_min), x_max)


def reshape(x: Any, newshape: Any) -> Any:
    """Return x in another shape; −1 stands for what is left."""
    if not is_symbolic(x):
        return as_tensor(np.reshape(x, newshape))
    return apply(shaping.Reshape, x, newshape=newshape)


def transpose(x: Any, axes: Any = None) -> Any:
    """Return x with its axes in another order; None is the reverse."""
    if not is_symbolic(x):
        return as_tensor(np.transpose(x, axes))
    return apply(shaping.Transpose, x, axes=axes)


def expand_dims(x: Any, axis: int) -> Any:
    """Return x with an axis of size 1 more."""
    if not is_symbolic(x):
        return as_tensor(np.expand_dims(x, axis))
    return apply(shaping.ExpandDims, x, axis=axis)


def squeeze(x: Any, axis: Any = None) -> Any:
    """Return x without an axis of size 1; None is all of them."""
    if not is_symbolic(x):
        return as_tensor(np.squeeze(x, axis))
    return apply(shaping.Squeeze, x, axis=axis)


def concatenate(xs: Any, axis: int = 0) -> Any:
    """Return tensors side by side along an axis."""
    if not _any_symbolic(xs):
        return as_tensor(np.concatenate(xs, axis))
    return apply(shaping.Concatenate, [*xs], axis=axis)


def stack(x: Any, axis: int = 0) -> Any:
    """Return tensors of one shape along a new axis."""
    if not _any_symbolic(x):
        return as_tensor(np.stack(x, axis))
    return apply(shaping.Stack, [*x], axis=axis)


def get_item(x: Any, key: Any) -> Any:
    """Return a part of x."""
    if not is_symbolic(x):
        return as_tensor(np.asarray(x)[key])
    return apply(shaping.GetItem, x, [*key] if isinstance(key, tuple) else key)


def shape(x: Any) -> Any:
    """Return the shape of x, None for a batch's size in a graph."""
    return x.shape if isinstance(x, KerasTensor) else np.shape(x)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where an array is largest."""
    return as_tensor(np.argmax(x, axis, keepdims=keepdims).astype(np.int32))


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Return where an array is smallest."""
    return as_tensor(np.argmin(x, axis, keepdims=keepdims).astype(np.int32))


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None) -> Tensor:
    """Return an array's integers as vectors of 0 with a 1 at their place."""
    x = np.asarray(x)
    hot = (x[..., np.newaxis] == np.arange(num_classes)).astype(dtype or np.float32)
    return as_tensor(np.moveaxis(hot, -1, axis))


def zeros(shape: Any, dtype: Any = None) -> Tensor:
    """Return an array of zeros."""
    return as_tensor(np.zeros(shape, dtype or np.float32))


def ones(shape: Any, dtype: Any = None) -> Tensor:
    """Return an array of ones."""
    return as_tensor(np.ones(shape, dtype or np.float32))


def convert_to_tensor(x: Any, dtype: Any = None) -> Tensor:
    """Return x as an array; Python's numbers as float32 and int32."""
    return arrays.array(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """Return x as a plain array."""
    return np.array(x)


def cast(x: Any, dtype: Any) -> Any:
    """Return an array in another dtype; a tensor only in its own."""
    if isinstance(x, KerasTensor):
        if np.dtype(dtype).name != x.dtype:
            raise NotImplementedError(
                f"ops.cast: expected the tensor's own dtype {x.dtype}, received "
                f"{dtype!r}: a graph has one"
            )
        return x
    return as_tensor(np.asarray(x).astype(dtype))


def _any_symbolic(xs: Any) -> bool:
    return any(isinstance(one, KerasTensor) for one in xs)
