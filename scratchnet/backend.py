"""What notebooks use of ``keras.backend``, which they like to call K."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import ops
from scratchnet.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from scratchnet.foundation import lookup, naming
from scratchnet.utils import clear_session

# Keras 2's functions of tensors and arrays, which metrics and Lambda layers of people's
# own are written with: those of `ops`.
ARRAYS: dict[str, Any] = {
    **{
        name: getattr(ops, name)
        for name in """
        abs all any arange argmax argmin cast clip concatenate cumsum elu equal exp
        expand_dims greater greater_equal less less_equal log max maximum mean min
        minimum not_equal one_hot ones ones_like prod relu reshape round shape sigmoid
        sign softmax softplus sqrt square squeeze stack std sum tanh tile transpose var
        zeros zeros_like
        """.split()
    },
    "constant": ops.convert_to_tensor,
    "dot": ops.matmul,
    "flatten": np.ravel,
    "permute_dimensions": ops.transpose,
    "pow": ops.power,
}

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "get_value",
    "image_data_format",
    "int_shape",
    "is_float_dtype",
    "is_int_dtype",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_value",
    "standardize_dtype",
]


def get_uid(prefix: str = "") -> int:
    """Return the next number of a name: 1, 2 and so on.

    Reference: `keras/src/utils/naming.py`.
    """
    return naming.number(prefix)


def get_value(x: Any) -> Any:
    """Return a copy of a variable's values: a plain array, or a number.

    Reference: `keras/src/legacy/backend.py`.

    >>> get_value(np.float32(0.5))
    np.float32(0.5)
    """
    return np.array(x)[()]


def set_value(x: Any, value: Any) -> None:
    """Overwrite a variable's values, such as an optimizer's learning rate.

    Raises:
        TypeError: x is no variable, so that nothing would change.
        ValueError: the value's shape is another.

    Reference: `keras/src/legacy/backend.py`.
    """
    if not hasattr(x, "assign"):
        raise TypeError(
            f"set_value: expected a variable, received {x!r}; assign the attribute "
            "itself, as in model.optimizer.learning_rate = 0.01"
        )
    x.assign(value)


def int_shape(x: Any) -> tuple[int | None, ...]:
    """Return the shape of an array or of a symbolic tensor.

    Reference: `keras/src/legacy/backend.py`.

    >>> int_shape(np.zeros((2, 3)))
    (2, 3)
    """
    return tuple(x.shape)


def standardize_dtype(dtype: Any) -> str:
    """Return the name of a dtype; None stands for `floatx`.

    Reference: `keras/src/backend/common/variables.py`.

    >>> standardize_dtype(np.float64), standardize_dtype(None)
    ('float64', 'float32')
    """
    return floatx() if dtype is None else np.dtype(dtype).name


def is_float_dtype(dtype: Any) -> bool:
    """Whether a dtype is one of real numbers."""
    return standardize_dtype(dtype).startswith("float")


def is_int_dtype(dtype: Any) -> bool:
    """Whether a dtype is one of integers."""
    return np.dtype(dtype).kind in "iu"


_missing = lookup.missing_attribute(__name__, [*__all__, *ARRAYS])


def __getattr__(name: str) -> Any:
    """Return one of `ARRAYS`, or say what there is instead."""
    return ARRAYS[name] if name in ARRAYS else _missing(name)
