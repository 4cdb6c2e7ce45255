"""Which format a file's name stands for, and writing it whole or not at all."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.files import atomic_write
from scratchnet.saving import h5, keras_archive, layout, legacy_h5, npz


def save_weights(
    model: Any,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    *,
    allow_non_finite: bool = False,
) -> None:
    """Write a model's weights to a file, whole or not at all.

    Args:
        model: a built model.
        filepath: a name that ends in ``.npz``, or in ``.weights.h5`` (Keras reads that
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
    name = os.fspath(filepath)
    _save(_format_of(name), model, name, overwrite, allow_non_finite)


def load_weights(model: Any, filepath: str | os.PathLike[str]) -> None:
    """Read a model's weights from a file; all of them or, after an error, none.

    The file must be of a model with the same layers in the same order, whose weights
    have the same names, shapes and dtypes. What layers are called doesn't matter.

    Args:
        model: a built model; its weights are overwritten in place. From an ``.h5`` or
            ``.keras`` file its optimizer's state is restored too, as in Keras, if it
            is compiled and has as many variables as the file has.
        filepath: a name that ends in ``.npz``, ``.h5`` or ``.keras``.

    Raises:
        CheckpointError: the file is missing, damaged or of another model.
        ValueError: the name has another ending, or the model is not built.
        ImportError: an ``.h5`` or ``.keras`` name without h5py.

    Reference: `Model.load_weights` in `keras/src/models/model.py`.
    """
    name = os.fspath(filepath)
    layers = layout.layers_by_key(model, name)
    if name.endswith(legacy_h5.ENDINGS):
        format_ = legacy_h5 if legacy_h5.is_one(name) else h5
    else:
        format_ = keras_archive if name.endswith(".keras") else _format_of(name)
    format_.load(model, layers, name)


def save_model(
    model: Any,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    *,
    allow_non_finite: bool = False,
) -> None:
    """Write a whole model to a ``.keras`` or a legacy ``.h5`` file, or nothing.

    Args, errors: as `save_weights`; besides, `CheckpointError` where the model holds
    what Keras doesn't have: a class, or a setting of one.
    """
    name = os.fspath(filepath)
    _save(model_format(name), model, name, overwrite, allow_non_finite)


def model_format(name: str) -> ModuleType:
    """Return what reads and writes whole models under a file's name.

    Raises:
        ValueError: its ending is that of none.
    """
    if name.endswith(".keras"):
        return keras_archive
    if name.endswith(legacy_h5.ENDINGS):
        return legacy_h5
    raise ValueError(
        "model file: expected a name that ends in .keras (or in .h5, Keras's legacy "
        f"format), received {name!r}; weights alone, by save_weights and load_weights, "
        "go to .weights.h5 or .npz"
    )


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
