"""What users pass for an array, as an array of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import isgeneratorfunction
from typing import Any

import numpy as np

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
    hint = _instead(value)
    if value is None or callable(value) or hint:
        raise TypeError(
            f"{who}: expected an array for {name}, received {value!r:.80}{hint}"
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


def _instead(value: Any) -> str:
    """Return the end of a message, on what to write instead of what is no array."""
    if isgeneratorfunction(value):
        return "; call it, to get a generator"
    if hasattr(value, "toarray"):
        return "; pass its toarray()"
    if is_stream(value):
        return "; fit, evaluate and predict take, for x alone, what yields batches"
    if hasattr(value, "__getitem__") and not _is_array_like(value):
        return (
            "; pass the arrays in it, a DataLoader of it, or what is derived from "
            "utils.PyDataset"
        )
    return ""


def _is_array_like(value: Any) -> bool:
    return isinstance(value, Sequence | Mapping | np.generic) or (
        hasattr(value, "__array__") or hasattr(value, "__array_interface__")
    )


def _the_only(value: Any) -> Any:
    """Return the array in a list, or a dictionary, of one array."""
    if isinstance(value, Mapping):
        inside = list(value.values())
        return inside[0] if len(inside) == 1 else value
    if isinstance(value, list | tuple) and len(value) == 1:
        return value[0] if len(getattr(value[0], "shape", ())) > 0 else value
    return value


def is_stream(value: Any) -> bool:
    """Tell whether something yields batches, and is no array of samples.

    >>> is_stream(iter([1, 2])), is_stream([1, 2]), is_stream(np.zeros(2))
    (True, False, False)
    """
    sparse = hasattr(value, "toarray")
    return hasattr(value, "__iter__") and not (sparse or _is_array_like(value))


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
