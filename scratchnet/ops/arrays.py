"""Functions of arrays alone: no model's graph needs their gradients.

Metrics and callbacks are written with them. Names and arguments are Keras's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.tensor import Tensor, as_tensor

__all__ = [
    "all",
    "any",
    "arange",
    "argsort",
    "array",
    "cumsum",
    "flip",
    "isnan",
    "linspace",
    "mod",
    "prod",
    "round",
    "sort",
    "tile",
    "top_k",
]


def array(x: Any, dtype: Any = None) -> Tensor:
    """Return x as an array; Python's numbers as float32 and int32."""
    made = np.asarray(x, dtype)
    if dtype is None and not isinstance(x, np.ndarray | np.generic):
        made = made.astype({"f": np.float32, "i": np.int32}.get(made.dtype.kind))
    return as_tensor(made)


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Return numbers from start, or 0, up to but without stop."""
    begin, end = (0, start) if stop is None else (start, stop)
    return array(np.arange(begin, end, 1 if step is None else step).tolist(), dtype)


def linspace(start: Any, stop: Any, num: int = 50) -> Tensor:
    """Return evenly spaced numbers from start to stop, both among them."""
    return as_tensor(np.linspace(start, stop, num, dtype=np.float32))


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return whether all of x along axes is true; None is all axes."""
    return as_tensor(np.all(x, axis, keepdims=keepdims))


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return whether any of x along axes is true; None is all axes."""
    return as_tensor(np.any(x, axis, keepdims=keepdims))


def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """Return the product of x along axes; None is all."""
    x = array(x)
    if dtype is None:
        dtype = np.result_type(x, np.uint32 if x.dtype.kind == "u" else np.int32)
        dtype = dtype if x.dtype.kind in "biu" else x.dtype
    return as_tensor(np.prod(x, axis, keepdims=keepdims, dtype=dtype))


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the standard deviation of x along axes; None is all."""
    return as_tensor(np.std(_real(x), axis, keepdims=keepdims))


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the variance of x along axes; None is all."""
    return as_tensor(np.var(_real(x), axis, keepdims=keepdims))


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Return the sums of x up to each place."""
    x = array(x)
    return as_tensor(np.cumsum(x, axis, dtype or x.dtype))


def argsort(x: Any, axis: int = -1) -> Tensor:
    """Return the places of x along an axis, in the order of its values."""
    return as_tensor(np.argsort(x, axis, kind="stable").astype(np.int32))


def sort(x: Any, axis: int = -1) -> Tensor:
    """Return x in order along an axis."""
    return as_tensor(np.sort(array(x), axis))


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """Return the k largest along the last axis, largest first, and their places."""
    places = np.argsort(-np.asarray(x), -1, kind="stable")[..., :k]
    values = np.take_along_axis(np.asarray(x), places, -1)
    return as_tensor(values), as_tensor(places.astype(np.int32))


def flip(x: Any, axis: Any = None) -> Tensor:
    """Return x backwards along axes; None is all."""
    return as_tensor(np.flip(x, axis))


def tile(x: Any, repeats: Any) -> Tensor:
    """Return x, repeated along its axes."""
    return as_tensor(np.tile(x, repeats))


def round(x: Any, decimals: int = 0) -> Tensor:
    """Return the nearest numbers; halves go to the even one."""
    return as_tensor(np.round(array(x), decimals))


def floor(x: Any) -> Tensor:
    """Return the largest whole numbers that are not larger than x."""
    return as_tensor(np.floor(_real(x)))


def ceil(x: Any) -> Tensor:
    """Return the smallest whole numbers that are not smaller than x."""
    return as_tensor(np.ceil(_real(x)))


def sign(x: Any) -> Tensor:
    """Return −1, 0 or 1."""
    return as_tensor(np.sign(array(x)))


def mod(x1: Any, x2: Any) -> Tensor:
    """Return what is left of x₁ after division by x₂."""
    return as_tensor(np.mod(x1, x2))


def equal(x1: Any, x2: Any) -> Tensor:
    """Return where two arrays are equal."""
    return as_tensor(np.equal(x1, x2))


def not_equal(x1: Any, x2: Any) -> Tensor:
    """Return where two arrays differ."""
    return as_tensor(np.not_equal(x1, x2))


def greater(x1: Any, x2: Any) -> Tensor:
    """Return where x₁ > x₂."""
    return as_tensor(np.greater(x1, x2))


def greater_equal(x1: Any, x2: Any) -> Tensor:
    """Return where x₁ ≥ x₂."""
    return as_tensor(np.greater_equal(x1, x2))


def less(x1: Any, x2: Any) -> Tensor:
    """Return where x₁ < x₂."""
    return as_tensor(np.less(x1, x2))


def less_equal(x1: Any, x2: Any) -> Tensor:
    """Return where x₁ ≤ x₂."""
    return as_tensor(np.less_equal(x1, x2))


def logical_and(x1: Any, x2: Any) -> Tensor:
    """Return where both are true."""
    return as_tensor(np.logical_and(x1, x2))


def logical_or(x1: Any, x2: Any) -> Tensor:
    """Return where either is true."""
    return as_tensor(np.logical_or(x1, x2))


def logical_not(x: Any) -> Tensor:
    """Return where x is not true."""
    return as_tensor(np.logical_not(x))


def isnan(x: Any) -> Tensor:
    """Return where x is not a number."""
    return as_tensor(np.isnan(x))


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Return x₁ where the condition holds and x₂ elsewhere; or where it holds."""
    if x1 is None and x2 is None:
        return tuple(as_tensor(one) for one in np.nonzero(np.asarray(condition)))
    return as_tensor(np.where(condition, x1, x2))


def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Return zeros of x's shape."""
    return as_tensor(np.zeros_like(x, dtype))


def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Return ones of x's shape."""
    return as_tensor(np.ones_like(x, dtype))


def _real(x: Any) -> np.ndarray:
    """Return x with whole numbers as float32."""
    x = array(x)
    return x if x.dtype.kind == "f" else x.astype(np.float32)
