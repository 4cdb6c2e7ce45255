"""What users pass for an array, as an array of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scratchnet.foundation.py_dataset import PyDataset
from scratchnet.foundation.shapes import Shape


def as_numbers(who: str, name: str, value: Any) -> np.ndarray:
    """Return an array of real numbers, without copying one.

    It may be a list, a tensor of TensorFlow's or PyTorch's, a table of pandas', or
    anything else with ``__array__``; and it may be alone in a list, as an input of a
    model with several is given.

    Raises:
        TypeError: it is None, a function, text, ragged, complex …
    """
    value = _the_only(value)
    if value is None or callable(value):
        hint = ""
        if getattr(value, "__name__", None):
            hint = "; if it is a generator function, call it"
        raise TypeError(
            f"{who}: expected an array for {name}, received {value!r}{hint}"
        )
    if is_stream(value):
        raise TypeError(
            f"{who}: expected an array for {name}, received a {type(value).__name__}; "
            "fit, evaluate and predict take, for x alone, what yields batches"
        )
    if hasattr(value, "toarray"):
        raise TypeError(
            f"{who}: expected an array for {name}, received a sparse "
            f"{type(value).__name__}; pass its toarray()"
        )
    if hasattr(value, "detach"):  # PyTorch's, on a GPU or with a gradient
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise TypeError(
            f"{who}: expected an array for {name}, received nested sequences of "
            "different lengths"
        ) from error
    if array.dtype.kind not in "buif":
        raise TypeError(
            f"{who}: expected an array of numbers for {name}, "
            f"received dtype {array.dtype}"
        )
    return array


def _the_only(value: Any) -> Any:
    """Return the array in a list, or a dictionary, of one array."""
    if isinstance(value, Mapping):
        inside = list(value.values())
        return inside[0] if len(inside) == 1 else value
    if isinstance(value, list | tuple) and len(value) == 1 and is_array(value[0]):
        return value[0]
    return value


def is_array(value: Any) -> bool:
    """Tell whether something says that it is an array, of at least one dimension."""
    says_so = hasattr(value, "__array__") or hasattr(value, "__array_interface__")
    return says_so and len(getattr(value, "shape", ())) > 0


def is_stream(value: Any) -> bool:
    """Tell whether something yields batches, and is no array of samples.

    >>> is_stream(iter([1, 2])), is_stream([1, 2]), is_stream(np.zeros(2))
    (True, False, False)
    """
    if isinstance(value, PyDataset):
        return True
    if isinstance(value, Sequence | Mapping) or hasattr(value, "toarray"):
        return False
    if hasattr(value, "__array__") or hasattr(value, "__array_interface__"):
        return False
    return hasattr(value, "__iter__")


def fit_rank(x: np.ndarray, input_shape: Shape | None) -> np.ndarray:
    """Add or drop a last dimension of 1, as Keras does for its models' inputs.

    Reference: `keras/src/models/functional.py` (_adjust_input_rank).
    """
    if input_shape is None:
        return x.reshape(-1, 1) if x.ndim == 1 else x
    if x.ndim == len(input_shape) - 1 and input_shape[-1] == 1:
        return x[..., np.newaxis]
    if x.ndim == len(input_shape) + 1 and x.shape[-1] == 1:
        return x[..., 0]
    return x
