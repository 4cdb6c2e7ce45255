"""Arrays that know Keras's methods of tensors and variables.

Both are NumPy arrays and nothing else: what NumPy does with arrays works on them. They
are made where results are handed to the user; kernels take plain arrays.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import DTypeLike


class Tensor(np.ndarray):
    """An array with ``numpy()``: what models, layers, losses and metrics return.

    >>> total = as_tensor(np.float32([1, 2])).sum()
    >>> total, total.numpy(), f"{total:.2f}"
    (array(3., dtype=float32), np.float32(3.0), '3.00')

    Reference: `tf.Tensor`, which Keras returns on TensorFlow.
    """

    def __array_wrap__(
        self, array: Any, context: Any = None, return_scalar: bool = False
    ) -> Any:
        """Return what NumPy computes with this as a `Tensor`, numbers as well."""
        return array.view(Tensor)

    def numpy(self) -> Any:
        """Return a copy as a plain array, or as a number if that is what it is."""
        return np.array(self)[()]

    def __repr__(self) -> str:
        """Show what an array shows."""
        return repr(np.asarray(self))

    def __reduce__(self) -> Any:
        """Pickle and copy as a plain array that becomes one of these again."""
        return as_tensor, (np.array(self),)


class Variable(Tensor):
    """An array that can be written to: a weight, a learning rate.

    What a layer's or an optimizer's attributes return are views: what is assigned there
    is theirs.

    Args:
        initializer: its first value, which is copied.
        shape: of the value, if that is one number for all.
        dtype: by default the value's, float32 for Python's numbers.
        trainable: whether an optimizer may change it.
        name: of it.

    Attributes:
        name: such as ``kernel``.
        path: the name behind that of its layer: ``dense/kernel``.

    Reference: `keras/src/backend/common/variables.py`.

    >>> rate = Variable(0.5, name="learning_rate")
    >>> _ = rate.assign(0.25)
    >>> float(rate), rate.numpy()
    (0.25, np.float32(0.25))
    """

    name = "variable"
    path = "variable"
    source: Any = None  # what makes a tensor of it, where a layer's `call` uses it
    _trainable = True

    def __new__(
        cls,
        initializer: Any,
        shape: Any = None,
        dtype: DTypeLike | None = None,
        trainable: bool = True,
        name: str | None = None,
    ) -> Variable:
        """Copy the first value."""
        if callable(initializer):
            if shape is None:
                raise ValueError(
                    "Variable: expected shape= beside an initializer, received None"
                )
            value = initializer(shape, np.dtype(dtype or np.float32))
        else:
            value = np.asarray(initializer)
            if dtype is None and not isinstance(initializer, np.ndarray | np.generic):
                dtype = {"f": np.float32, "i": np.int32}.get(value.dtype.kind)
            if shape is not None:
                value = np.broadcast_to(value, shape)
        return view(np.array(value, dtype), name or "variable", trainable=trainable)

    @property
    def trainable(self) -> bool:
        """Whether an optimizer may change it; a layer says so for all of its own."""
        return self._trainable

    @property
    def value(self) -> Tensor:
        """What it holds now, as a copy."""
        return as_tensor(np.array(self))

    def assign(self, value: Any) -> Variable:
        """Overwrite the values, and return the variable.

        Raises:
            ValueError: value has another shape.
        """
        value = np.asarray(value)
        if value.shape != self.shape:
            raise ValueError(
                f"Variable '{self.path}': expected a value of shape {self.shape}, "
                f"received {value.shape}"
            )
        np.copyto(np.asarray(self), value, casting="unsafe")
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add to the values, and return the variable."""
        return self.assign(np.add(self, value))

    def assign_sub(self, value: Any) -> Variable:
        """Subtract from the values, and return the variable."""
        return self.assign(np.subtract(self, value))

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        """Refuse attributes, which would have no effect."""
        raise AttributeError(
            f"Variable '{self.path}': {name} can't be set; write values with "
            "assign(value), and freeze weights with layer.trainable = False"
        )

    def __deepcopy__(self, memo: Any) -> Variable:
        """Return one of its own memory."""
        return view(np.array(self), self.name, self.path, trainable=self._trainable)

    def __reduce__(self) -> Any:
        """Pickle the values with what is known of them."""
        return view, (np.array(self), self.name, self.path)

    def __repr__(self) -> str:
        """Show what Keras shows."""
        return (
            f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, "
            f"value={np.asarray(self)}>"
        )


def as_tensor(array: Any) -> Tensor:
    """Return an array, or a number, as a `Tensor` on the same memory."""
    return np.asarray(array).view(Tensor)


def view(
    array: np.ndarray,
    name: str,
    path: str = "",
    *,
    trainable: bool = True,
    source: Any = None,
) -> Variable:
    """Return an array as a `Variable` on the same memory."""
    variable = array.view(Variable)
    known = {"name": name, "path": path or name, "_trainable": trainable}
    vars(variable).update(known, source=source)
    return variable
