"""Save a model, or its weights, to a file and load them again.

The name's ending chooses the format. Weights go to ``.npz`` (`npz`: NumPy alone,
checksummed, safe to load from anyone) or ``.weights.h5`` (`h5`: Keras 3's own layout,
needs h5py); whole models go to ``.keras`` (`keras_archive`: Keras 3's, too). What is
read of a whole model are its parts; `models.load_model` makes the model of them.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.files import atomic_write
from scratchnet.saving import h5, keras_archive, layout, npz

__all__ = ["atomic_write", "load_weights", "save_model", "save_weights"]


def save_weights(
    model: Any,
    path: str | os.PathLike[str],
    overwrite: bool = True,
    *,
    allow_non_finite: bool = False,
) -> None:
    """Write a model's weights to a file, whole or not at all.

    Args:
        model: a built model.
        path: a name that ends in ``.npz``, or in ``.weights.h5`` (Keras reads that
            file; of a compiled model it also holds the optimizer's state, as Keras's
            does). Plain ``.h5`` gives the same file, but Keras reads it only under
            the longer name.
        overwrite: replace a file of that name. Keras asks at the keyboard when this
            is False; here it is an error.
        allow_non_finite: save NaN and infinite weights too.

    Raises:
        CheckpointError: the file can't be written (disk full, read-only or missing
            folder) or is there already.
        NonFiniteWeightsError: a weight isn't finite; a `CheckpointError`, too.
        ValueError: the name has another ending, or the model is not built.
        ImportError: an ``.h5`` name without h5py.

    Reference: `Model.save_weights` in `keras/src/models/model.py`.
    """
    name = os.fspath(path)
    _save(_format_of(name), model, name, overwrite, allow_non_finite)


def load_weights(model: Any, path: str | os.PathLike[str]) -> None:
    """Read a model's weights from a file; all of them or, after an error, none.

    The file must be of a model with the same layers in the same order, whose weights
    have the same names, shapes and dtypes. What layers are called doesn't matter.

    Args:
        model: a built model; its weights are overwritten in place. From an ``.h5`` or
            ``.keras`` file its optimizer's state is restored too, as in Keras, if it
            is compiled and has as many variables as the file has.
        path: a name that ends in ``.npz``, ``.h5`` or ``.keras``.

    Raises:
        CheckpointError: the file is missing, damaged or of another model.
        ValueError: the name has another ending, or the model is not built.
        ImportError: an ``.h5`` or ``.keras`` name without h5py.

    Reference: `Model.load_weights` in `keras/src/models/model.py`.
    """
    name = os.fspath(path)
    whole = name.endswith(".keras")
    format_ = keras_archive if whole else _format_of(name)
    format_.load(model, layout.layers_by_key(model, name), name)


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    overwrite: bool = True,
    *,
    allow_non_finite: bool = False,
) -> None:
    """Write a whole model to a ``.keras`` file, whole or not at all.

    Args, errors: as `save_weights`; besides, `CheckpointError` where the model holds
    what Keras doesn't have: a class, or a setting of one.
    """
    name = keras_archive.check_name(path)
    _save(keras_archive, model, name, overwrite, allow_non_finite)


def _save(
    format_: ModuleType, model: Any, name: str, overwrite: bool, allow_non_finite: bool
) -> None:
    if not overwrite and os.path.lexists(name):
        raise CheckpointError(
            f"{name}: not saved: the file is there already; pass overwrite=True to "
            "replace it, or choose another name"
        )
    layers = layout.layers_by_key(model, name)
    if not allow_non_finite:
        layout.require_finite(layers, name)
    content = format_.encode(model, layers, name)
    with atomic_write(name) as file:
        file.write(content)


def _format_of(name: str) -> ModuleType:
    if name.endswith(".npz"):
        return npz
    if name.endswith(".h5"):
        return h5
    raise ValueError(
        f"weights file: expected a name that ends in .weights.h5 (Keras's format) or "
        f".npz (NumPy's), received {name!r}"
    )
