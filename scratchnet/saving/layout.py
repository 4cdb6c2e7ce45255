"""What a weights file must hold for a model, and how it is read: for all formats."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from scratchnet.foundation import naming
from scratchnet.foundation.errors import (
    CheckpointError,
    MissingCheckpointError,
    NonFiniteWeightsError,
)

DTYPES = ("float32", "float64")
COUNTS = ("int64",)

# The name under which files know a layer → the layer, in the model's order.
Layers = dict[str, Any]


def layers_by_key(model: Any, path: str) -> Layers:
    """Name a model's layers as Keras's files do.

    A default name counts the layers of a whole process (``dense_7``), so a second
    model of the same architecture has other names. Files therefore count each class
    anew, within the model: ``dense``, ``dense_1``, whatever the layers are called. A
    model in the model has its key before those of its layers:
    ``sequential/layers/dense``.

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
    layers: Layers = {}
    if not model.is_traced:
        _add_layers(layers, model.layers, "", path)
        return layers
    if own_weights(model):
        layers[""] = model
    _add_attributes(layers, model, "", path)
    return layers


def group(model: Any, key: str) -> str:
    """Return where Keras's files have the weights of the layer with a key."""
    place = key if model.is_traced else f"layers/{key}"
    return f"{place}/vars".lstrip("/")


def _add_attributes(layers: Layers, thing: Any, prefix: str, path: str) -> None:
    """Add the layers of a class with a `call` under its attributes' names."""
    for name, found in thing.places:
        if isinstance(found, list):
            _add_layers(layers, found, f"{prefix}{name}/", path)
        else:
            _add_layer(layers, found, f"{prefix}{name}", path)


def _add_layers(layers: Layers, some: list[Any], prefix: str, path: str) -> None:
    """Add layers under their keys; those of a model among them after itself."""
    counts: Counter[str] = Counter()
    for layer in some:
        base = naming.snake_case(layer.class_name)
        key = f"{prefix}{base}_{counts[base]}" if counts[base] else f"{prefix}{base}"
        counts[base] += 1
        _add_layer(layers, layer, key, path)


def _add_layer(layers: Layers, layer: Any, key: str, path: str) -> None:
    """Add a layer, and what it is made of, at the first place where it stands."""
    if any(layer is known for known in layers.values()):
        return
    if key in layers:
        raise ValueError(
            f"{path}: two layers would both be stored as '{key}', because one "
            "class's name is another's with a number; rename that class"
        )
    for name, weight in own_weights(layer).items():
        if weight.dtype.name not in (*DTYPES, *COUNTS):
            raise ValueError(
                f"{path}: {layer.label}: expected weight '{name}' to be "
                f"{', '.join((*DTYPES, *COUNTS))}, received {weight.dtype}"
            )
    layers[key] = layer
    if layer.nodes and layer.is_traced:
        _add_attributes(layers, layer, f"{key}/", path)
    elif layer.nodes:
        _add_layers(layers, layer.layers, f"{key}/layers/", path)


def own_weights(layer: Any) -> dict[str, np.ndarray]:
    """Return a layer's weights by name; a model has none beside its layers'."""
    return layer.own_weights


def weights_of(layers: Layers) -> list[np.ndarray]:
    """Return the weights themselves, in the order of files."""
    return [
        weight for layer in layers.values() for weight in own_weights(layer).values()
    ]


def require_finite(layers: Layers, path: str) -> None:
    """Stop before NaN or infinite weights take the place of good ones.

    Raises:
        NonFiniteWeightsError: a weight holds a value that isn't finite.
    """
    function = "save_model" if path.endswith(".keras") else "save_weights"
    for layer in layers.values():
        for name, weight in own_weights(layer).items():
            bad = weight.size - np.count_nonzero(np.isfinite(weight))
            if bad:
                raise NonFiniteWeightsError(
                    f"{path}: not saved: weight '{name}' of {layer.label} holds "
                    f"{bad} values of {weight.size} that are NaN or infinite; lower "
                    "the learning rate, or save them all the same with "
                    f"scratchnet.saving.{function}(model, path, "
                    "allow_non_finite=True)"
                )


def require_file(path: str) -> None:
    """See that there is a file to read.

    Raises:
        MissingCheckpointError: there is nothing of that name.
        CheckpointError: it is a folder or a device.
    """
    if not os.path.exists(path):
        raise MissingCheckpointError(f"{path}: no such file")
    if not os.path.isfile(path):
        raise CheckpointError(f"{path}: expected a file, found a folder or a device")


@contextmanager
def damage_named(path: str, kind: str) -> Iterator[None]:
    """Give one meaning to all that zipfile, json, NumPy and HDF5 raise on damage.

    Args:
        path: the file that the block reads.
        kind: what it should be.

    Raises:
        CheckpointError: the block failed.
    """
    try:
        yield
    except (CheckpointError, Warning):
        raise
    except Exception as error:
        text = shorten(f"{type(error).__name__}: {error}")
        raise CheckpointError(f"{path}: damaged, or no {kind}: {text}") from error


def shorten(text: str) -> str:
    """Return an error's message without most of what a file says at great length."""
    return text if len(text) <= 600 else f"{text[:600]}…"


def assign(layers: Layers, values: list[np.ndarray]) -> None:
    """Copy checked values into a model's weights; nothing here can fail halfway."""
    for weight, value in zip(weights_of(layers), values, strict=True):
        weight[...] = value
