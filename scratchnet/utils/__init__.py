"""Helpers under Keras's names: labels, seeds, pictures, folders of them, files."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from scratchnet.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from scratchnet.diagram import plot_model
from scratchnet.foundation import arguments, lookup, naming, random
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.py_dataset import PyDataset
from scratchnet.foundation.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from scratchnet.utils.batches import Dataset
from scratchnet.utils.get_file import get_file
from scratchnet.utils.image_files import (
    array_to_img,
    img_to_array,
    load_img,
    save_img,
)
from scratchnet.utils.image_folder import image_dataset_from_directory

__all__ = [
    "CustomObjectScope",
    "Dataset",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "clear_session",
    "custom_object_scope",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "image_dataset_from_directory",
    "img_to_array",
    "is_interactive_logging_enabled",
    "load_img",
    "normalize",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "set_random_seed",
    "to_categorical",
]

# Keras 2's name for it.
Sequence = PyDataset
CustomObjectScope = custom_object_scope


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Write labels as one-hot rows.

    Args:
        x: integers from 0, shape (N,), (N, 1) or any other.
        num_classes: width of the rows; None is the largest label + 1.

    Returns:
        float64 array of shape (..., num_classes); a last dimension of 1 is replaced.

    Raises:
        ValueError: a label is negative, fractional or too large.

    Reference: `keras/src/utils/numerical_utils.py`.

    >>> to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    labels = np.asarray(x)
    integers = labels.dtype.kind in "iub" or (
        labels.dtype.kind == "f"
        and bool(np.all(np.isfinite(labels) & (labels == np.floor(labels))))
    )
    if not integers:
        raise ValueError(f"to_categorical: expected integers, received {x!r}")
    num_classes = arguments.count("to_categorical", "num_classes", num_classes, None)
    shape = labels.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    labels = labels.reshape(-1).astype(np.int64)
    if num_classes is None:
        num_classes = int(labels.max()) + 1 if labels.size else 0
    if labels.size and (labels.min() < 0 or labels.max() >= num_classes):
        wrong = labels[(labels < 0) | (labels >= num_classes)][0]
        largest = max(num_classes - 1, 0)
        raise ValueError(
            f"to_categorical: expected labels from 0 to {largest}, received {wrong}"
        )
    rows = np.zeros((labels.size, num_classes))
    rows[np.arange(labels.size), labels] = 1
    return rows.reshape(*shape, num_classes)


def normalize(x: Any, axis: int | None = -1, order: Any = 2) -> np.ndarray:
    """Divide an array by its norm along an axis; where that is 0, by 1.

    Args:
        x: the array.
        axis: along which the norm is taken; None is over all of it.
        order: of the norm, as `numpy.linalg.norm` takes it.

    Reference: `keras/src/utils/numerical_utils.py`.

    >>> normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    x = np.asarray(x)
    norm = np.atleast_1d(np.linalg.norm(x, order, axis))
    norm[norm == 0] = 1
    return x / np.expand_dims(norm, -1 if axis is None else axis)


def set_random_seed(seed: int) -> None:
    """Make what follows reproducible: Python's, NumPy's and scratchnet's generators.

    Args:
        seed: an integer from 0 to 2³² − 1.

    Raises:
        ValueError: it is anything else.

    Reference: `keras/src/utils/rng_utils.py`.
    """
    if not (arguments.is_integer(seed) and 0 <= seed < 2**32):
        raise ValueError(
            "set_random_seed: expected an integer from 0 to 2**32 - 1, "
            f"received {seed!r}"
        )
    python_random.seed(int(seed))
    np.random.seed(int(seed))  # noqa: NPY002 - Keras seeds the global generator too
    random.reset(int(seed))


@keras_signature
def clear_session() -> None:
    """Start again to number the default names of layers and models."""
    naming.reset()


__getattr__ = lookup.missing_attribute(__name__, __all__)
