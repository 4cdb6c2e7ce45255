"""What a weights file must hold for a model: the part that both formats share."""

from __future__ import annotations

import math
import os
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from scratchnet.foundation import naming
from scratchnet.foundation.errors import CheckpointError, NonFiniteWeightsError

DTYPES = ("float32", "float64")


class LayerEntry(NamedTuple):
    """A layer and the name under which files know it."""

    key: str
    layer: Any
    weights: dict[str, np.ndarray]


def layer_entries(model: Any, path: str) -> list[LayerEntry]:
    """Name a model's layers as Keras's files do.

    A default name counts the layers of a whole process (``dense_7``), so a second
    model of the same architecture has other names. Files therefore count each class
    anew, within the model: ``dense``, ``dense_1``, whatever the layers are called.

    Reference: `_save_container_state` in `keras/src/saving/saving_lib.py`.

    Raises:
        ValueError: the model is not built, or holds a weight that isn't float32 or
            float64.
    """
    if not model.built:
        raise ValueError(
            f"{path}: model '{model.name}' has no weights yet; give its first layer an "
            "input_shape, or call it on a batch, before saving or loading weights"
        )
    counts: Counter[str] = Counter()
    entries = []
    for layer in model.layers:
        base = naming.snake_case(type(layer).__name__)
        key = f"{base}_{counts[base]}" if counts[base] else base
        counts[base] += 1
        entries.append(LayerEntry(key, layer, layer.named_weights))
    _check(entries, path)
    return entries


def least_values(layer: Any, input_shape: tuple[int | None, ...]) -> int:
    """Return how many values a layer of scratchnet's needs at least, not yet built.

    The largest of its weights, that is; to be asked before a file's word is taken for
    how much to allocate.
    """
    from scratchnet import layers

    channels = input_shape[-1] or 0
    if isinstance(layer, layers.Dense):
        return channels * layer.units
    if isinstance(layer, layers.Conv2D):
        return math.prod(layer.kernel_size) * channels * layer.filters
    if isinstance(layer, layers.BatchNormalization):
        return channels
    return 0


def _check(entries: list[LayerEntry], path: str) -> None:
    repeated = [key for key, n in Counter(e.key for e in entries).items() if n > 1]
    if repeated:
        raise ValueError(
            f"{path}: two layers would both be stored as '{repeated[0]}', because one "
            "class's name is another's with a number; rename that class"
        )
    for entry in entries:
        for name, weight in entry.weights.items():
            if weight.dtype.name not in DTYPES:
                raise ValueError(
                    f"{path}: {entry.layer.label}: expected weight '{name}' to be "
                    f"{' or '.join(DTYPES)}, received {weight.dtype}"
                )


def refuse_non_finite(entries: list[LayerEntry], path: str) -> None:
    """Stop before NaN or infinite weights take the place of good ones.

    Raises:
        NonFiniteWeightsError: a weight holds a value that isn't finite.
    """
    function = "save_model" if path.endswith(".keras") else "save_weights"
    for entry in entries:
        for name, weight in entry.weights.items():
            bad = weight.size - np.count_nonzero(np.isfinite(weight))
            if bad:
                raise NonFiniteWeightsError(
                    f"{path}: not saved: weight '{name}' of {entry.layer.label} holds "
                    f"{bad} values of {weight.size} that are NaN or infinite; lower "
                    "the learning rate, or save them all the same with "
                    f"scratchnet.saving.{function}(model, path, "
                    "allow_non_finite=True)"
                )


def require_file(path: str) -> None:
    """See that there is a file to read.

    Raises:
        CheckpointError: there is nothing of that name, or it is a folder or a pipe.
    """
    if not os.path.exists(path):
        raise CheckpointError(f"{path}: no such file")
    if not os.path.isfile(path):
        raise CheckpointError(f"{path}: expected a file, found a folder or a device")


def describe(shape: Any, dtype: Any) -> str:
    """Write a shape and a dtype as messages do.

    >>> describe((3, 3, 1, 32), "float32")
    '(3, 3, 1, 32) float32'
    """
    return f"{tuple(shape)} {dtype}"


def assign(targets: list[np.ndarray], values: list[np.ndarray]) -> None:
    """Copy checked values into a model's weights; nothing here can fail halfway."""
    for target, value in zip(targets, values, strict=True):
        target[...] = value
