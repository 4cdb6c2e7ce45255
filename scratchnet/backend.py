"""What notebooks use of ``keras.backend``, which they like to call K."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import losses, ops, random
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
from scratchnet.foundation.tensor import Variable, as_tensor
from scratchnet.utils import clear_session

# Keras 2's functions of tensors and arrays, which metrics and Lambda layers of people's
# own are written with: those of `ops`.
ARRAYS: dict[str, Any] = {
    **{
        name: getattr(ops, name)
        for name in """
        abs all any arange argmax argmin cast clip cumsum elu equal exp
        expand_dims greater greater_equal less less_equal log max maximum mean min
        minimum not_equal one_hot ones ones_like prod relu reshape round shape sigmoid
        sign softmax softplus sqrt square squeeze stack std sum tanh tile transpose var
        zeros zeros_like
        """.split()
    },
    "constant": ops.convert_to_tensor,
    "categorical_crossentropy": losses.categorical_crossentropy,
    "dot": ops.matmul,
    "eye": np.eye,
    "random_normal": random.normal,
    "random_uniform": random.uniform,
    "repeat_elements": np.repeat,
    "reverse": ops.flip,
    "sparse_categorical_crossentropy": losses.sparse_categorical_crossentropy,
    "truncated_normal": random.truncated_normal,
    "variable": Variable,
    "permute_dimensions": ops.transpose,
    "pow": ops.power,
}

__all__ = [
    "backend",
    "batch_flatten",
    "batch_get_value",
    "batch_set_value",
    "binary_crossentropy",
    "cast_to_floatx",
    "clear_session",
    "concatenate",
    "count_params",
    "dtype",
    "epsilon",
    "eval",
    "flatten",
    "floatx",
    "get_uid",
    "get_value",
    "image_data_format",
    "int_shape",
    "is_float_dtype",
    "is_int_dtype",
    "l2_normalize",
    "ndim",
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


def batch_get_value(tensors: Any) -> list[Any]:
    """Return copies of several variables' values."""
    return [get_value(one) for one in tensors]


def batch_set_value(tuples: Any) -> None:
    """Overwrite several variables' values: pairs (variable, value)."""
    for variable, value in tuples:
        set_value(variable, value)


def eval(x: Any) -> Any:
    """Return what `get_value` does."""
    return get_value(x)


def cast_to_floatx(x: Any) -> np.ndarray:
    """Return an array of the dtype `floatx`.

    >>> cast_to_floatx([1, 2])
    array([1., 2.], dtype=float32)
    """
    return as_tensor(np.asarray(x, floatx()))


def count_params(x: Any) -> int:
    """Return how many numbers there are in a variable.

    >>> count_params(np.zeros((2, 3)))
    6
    """
    return int(np.prod(x.shape))


def ndim(x: Any) -> int:
    """Return the number of dimensions of an array or of a symbolic tensor."""
    return len(x.shape)


def dtype(x: Any) -> str:
    """Return the name of an array's or of a symbolic tensor's dtype."""
    return np.dtype(x.dtype).name


def flatten(x: Any) -> Any:
    """Return all values in one row."""
    return ops.reshape(x, (-1,))


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Return tensors side by side, along the last axis unless told another."""
    return ops.concatenate(tensors, axis)


def batch_flatten(x: Any) -> Any:
    """Return the values of each sample in one row.

    >>> batch_flatten(np.zeros((2, 3, 4))).shape
    (2, 12)
    """
    return ops.reshape(x, (-1, int(np.prod(x.shape[1:]))))


def l2_normalize(x: Any, axis: int | None = None) -> Any:
    """Return x / √(Σ x²), the sum taken along an axis.

    >>> l2_normalize(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    total = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x / ops.sqrt(ops.maximum(total, 1e-12))


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Return −(t ln p + (1 − t) ln (1 − p)) of each element.

    Args:
        target: t.
        output: p, or the logits of p.
        from_logits: whether it is those.

    Reference: `keras/src/legacy/backend.py`.

    >>> binary_crossentropy(np.array([1.0, 0.0]), np.array([0.5, 0.5])).round(3)
    array([0.693, 0.693])
    """
    if from_logits:
        return ops.softplus(output) - target * output
    p = ops.clip(output, epsilon(), 1 - epsilon())
    return -(target * ops.log(p) + (1 - target) * ops.log(1 - p))


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
