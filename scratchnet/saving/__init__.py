"""Save a model, or its weights, to a file and load them again.

The name's ending chooses the format. Weights go to ``.npz`` (`npz`: NumPy alone,
checksummed, safe to load from anyone) or ``.weights.h5`` (`h5`: Keras 3's own layout,
needs h5py); whole models go to ``.keras`` (`keras_archive`: Keras 3's, too).
`atomic` holds what all, and every other file that must not be lost, are written with.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import TYPE_CHECKING, Any

from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.files import atomic_write
from scratchnet.saving import h5, keras_archive, npz

if TYPE_CHECKING:
    from scratchnet.models.sequential import Sequential

__all__ = ["atomic_write", "load_model", "load_weights", "save_model", "save_weights"]


def save_weights(
    model: Any,
    path: str | os.PathLike[str],
    overwrite: bool = True,
    *,
    allow_non_finite: bool = False,
) -> None:
    """Write a model's weights to a file, whole or not at all.

    Args:
        model: a built `Sequential`.
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
    format_ = _format_of(name)
    if not overwrite:
        _refuse_existing(name)
    format_.save(model, name, allow_non_finite=allow_non_finite)


def load_weights(model: Any, path: str | os.PathLike[str]) -> None:
    """Read a model's weights from a file; all of them or, after an error, none.

    The file must be of a model with the same layers in the same order, whose weights
    have the same names, shapes and dtypes. What layers are called doesn't matter.

    Args:
        model: a built `Sequential`; its weights are overwritten in place. From an
            ``.h5`` or ``.keras`` file its optimizer's state is restored too, as in
            Keras, if it is compiled and has as many variables as the file has.
        path: a name that ends in ``.npz``, ``.h5`` or ``.keras``.

    Raises:
        CheckpointError: the file is missing, damaged or of another model.
        ValueError: the name has another ending, or the model is not built.
        ImportError: an ``.h5`` or ``.keras`` name without h5py.

    Reference: `Model.load_weights` in `keras/src/models/model.py`.
    """
    name = os.fspath(path)
    whole = name.endswith(".keras")
    (keras_archive if whole else _format_of(name)).load(model, name)


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    overwrite: bool = True,
    *,
    allow_non_finite: bool = False,
) -> None:
    """Write a whole model to a ``.keras`` file, whole or not at all.

    Args:
        model: a built `Sequential`.
        path: a name that ends in ``.keras``.
        overwrite: replace a file of that name.
        allow_non_finite: save NaN and infinite weights too.

    Raises:
        CheckpointError: the file can't be written or is there already, or the model
            holds what Keras has not: a class, or a setting of one.
        NonFiniteWeightsError: a weight isn't finite; a `CheckpointError`, too.
        ValueError: the name has another ending, or the model is not built.
        ImportError: h5py is not installed.
    """
    name = _keras_name(path)
    if not overwrite:
        _refuse_existing(name)
    keras_archive.save(model, name, allow_non_finite=allow_non_finite)


def load_model(path: str | os.PathLike[str], *, compile: bool = True) -> Sequential:
    """Make a model from a ``.keras`` file, of Keras 3 or of `save_model`.

    Args:
        path: a name that ends in ``.keras``.
        compile: whether to compile it, and to restore its optimizer's state.

    Raises:
        CheckpointError: the file is missing, damaged, or holds what is outside the
            subset.
        ValueError: the name has another ending.
        ImportError: h5py is not installed.
    """
    return keras_archive.load_model(_keras_name(path), compile=compile)


def _keras_name(path: str | os.PathLike[str]) -> str:
    name = os.fspath(path)
    if not name.endswith(".keras"):
        raise ValueError(
            f"model file: expected a name that ends in .keras, received {name!r}; "
            "weights alone, by save_weights and load_weights, go to .weights.h5 or .npz"
        )
    return name


def _refuse_existing(name: str) -> None:
    if os.path.lexists(name):
        raise CheckpointError(
            f"{name}: not saved: the file is there already; pass overwrite=True to "
            "replace it, or choose another name"
        )


def _format_of(name: str) -> ModuleType:
    if name.endswith(".npz"):
        return npz
    if name.endswith(".h5"):
        return h5
    raise ValueError(
        f"weights file: expected a name that ends in .weights.h5 (Keras's format) or "
        f".npz (NumPy's), received {name!r}"
    )
