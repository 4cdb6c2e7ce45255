"""What stands for a layer's output while a graph of layers is being drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import numpy as np

from scratchnet.foundation import naming
from scratchnet.foundation.shapes import Shape

# What the operators of a `KerasTensor` do, by Keras's names: filled by `ops`, which
# stands on this file.
OPERATORS: dict[str, Callable[..., Any]] = {}

# NumPy's functions that Python's operators call where an array stands on the left.
UFUNCS = {
    np.add: "add",
    np.subtract: "subtract",
    np.multiply: "multiply",
    np.true_divide: "divide",
    np.power: "power",
    np.matmul: "matmul",
}


class Call:
    """One call of a layer in a graph.

    Attributes:
        layer: what is called.
        inputs: the tensors that it reads.
        training: what the call says of it; None leaves it to who runs the graph.
        outputs: the tensors that it makes.
    """

    def __init__(
        self, layer: Any, inputs: Iterable[KerasTensor] = (), training: Any = None
    ) -> None:
        self.layer, self.inputs, self.training = layer, tuple(inputs), training
        self.outputs: tuple[KerasTensor, ...] = ()


class KerasTensor:
    """The shape and dtype of what will flow here, and the call that it comes from.

    `Input` returns one; a layer called on one returns another. `Model` follows them
    back from its outputs to its inputs: they are what its graph is made of. Python's
    operators and the functions of `ops` work on them.

    Args:
        shape: of a batch, None for its size.
        dtype: float32 or float64.
        call: what computes it.
        name: by default ``keras_tensor`` with a number.

    Reference: `keras/src/backend/common/keras_tensor.py`.
    """

    def __init__(
        self, shape: Shape, dtype: Any, call: Call, name: str | None = None
    ) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype).name
        self.call, self.name = call, name or naming.unique("KerasTensor")

    @property
    def layer(self) -> Any:
        """The layer that computes it."""
        return self.call.layer

    @property
    def inputs(self) -> tuple[KerasTensor, ...]:
        """What that layer reads."""
        return self.call.inputs

    @property
    def ndim(self) -> int:
        """The number of dimensions, the batch's included."""
        return len(self.shape)

    def __add__(self, other: Any) -> KerasTensor:
        """Return x + y."""
        return OPERATORS["add"](self, other)

    def __radd__(self, other: Any) -> KerasTensor:
        """Return y + x."""
        return OPERATORS["add"](other, self)

    def __sub__(self, other: Any) -> KerasTensor:
        """Return x − y."""
        return OPERATORS["subtract"](self, other)

    def __rsub__(self, other: Any) -> KerasTensor:
        """Return y − x."""
        return OPERATORS["subtract"](other, self)

    def __mul__(self, other: Any) -> KerasTensor:
        """Return x · y, element by element."""
        return OPERATORS["multiply"](self, other)

    def __rmul__(self, other: Any) -> KerasTensor:
        """Return y · x, element by element."""
        return OPERATORS["multiply"](other, self)

    def __truediv__(self, other: Any) -> KerasTensor:
        """Return x / y."""
        return OPERATORS["divide"](self, other)

    def __rtruediv__(self, other: Any) -> KerasTensor:
        """Return y / x."""
        return OPERATORS["divide"](other, self)

    def __pow__(self, other: Any) -> KerasTensor:
        """Return x to the power y."""
        return OPERATORS["power"](self, other)

    def __rpow__(self, other: Any) -> KerasTensor:
        """Return y to the power x."""
        return OPERATORS["power"](other, self)

    def __matmul__(self, other: Any) -> KerasTensor:
        """Return the matrix product x · y."""
        return OPERATORS["matmul"](self, other)

    def __neg__(self) -> KerasTensor:
        """Return −x."""
        return OPERATORS["negative"](self)

    def __abs__(self) -> KerasTensor:
        """Return |x|."""
        return OPERATORS["absolute"](self)

    def activated(self, function: Any) -> KerasTensor:
        """Return what an activation function makes of x."""
        return OPERATORS["activation"](function, self)

    def compared(self, loss: Any, y_true: Any, y_pred: Any) -> KerasTensor:
        """Return all values of a loss."""
        return OPERATORS["loss"](loss, y_true, y_pred)

    def __getitem__(self, key: Any) -> KerasTensor:
        """Return a part of x."""
        return OPERATORS["get_item"](self, key)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **_: Any) -> Any:
        """Let ``array + x`` be an operation; refuse what else NumPy computes."""
        if ufunc in UFUNCS and method == "__call__":
            return OPERATORS[UFUNCS[ufunc]](*inputs)
        raise self._no_values(f"numpy.{ufunc.__name__}")

    def __array_function__(self, function: Any, *_: Any) -> NoReturn:
        """Refuse NumPy's functions."""
        raise self._no_values(f"numpy.{function.__name__}")

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse to become an array."""
        raise self._no_values("an array of it")

    def __bool__(self) -> NoReturn:
        """Refuse to decide anything."""
        raise self._no_values("its truth")

    def __lt__(self, other: Any) -> KerasTensor:
        """Return 1 where x < other, else 0."""
        return OPERATORS["less"](self, other)

    def __le__(self, other: Any) -> KerasTensor:
        """Return 1 where x ≤ other, else 0."""
        return OPERATORS["less_equal"](self, other)

    def __gt__(self, other: Any) -> KerasTensor:
        """Return 1 where x > other, else 0."""
        return OPERATORS["greater"](self, other)

    def __ge__(self, other: Any) -> KerasTensor:
        """Return 1 where x ≥ other, else 0."""
        return OPERATORS["greater_equal"](self, other)

    def __iter__(self) -> NoReturn:
        """Refuse to be taken apart."""
        raise self._no_values("iterating over it")

    def __float__(self) -> NoReturn:
        """Refuse to become a number."""
        raise self._no_values("a number of it")

    def _no_values(self, what: str) -> TypeError:
        return TypeError(
            f"{self!r} has no values yet: it stands for the output of "
            f"{self.layer.label} in a graph, so that there is no {what}. Call layers "
            "and functions of scratchnet.ops on it, and make a Model of the graph; or "
            "compute it in a layer's forward(self, x, *, training), and its gradient "
            "in backward(self, dy)"
        )

    def __repr__(self) -> str:
        """Show what Keras shows."""
        return (
            f"<KerasTensor shape={self.shape}, dtype={self.dtype}, sparse=False, "
            f"ragged=False, name={self.name}>"
        )


def is_symbolic(x: Any) -> bool:
    """Tell whether x is a `KerasTensor`, or a list or a dictionary of them."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, list | tuple) and x:
        return all(isinstance(one, KerasTensor) for one in x)
    return isinstance(x, KerasTensor)


def flat(x: Any) -> list[Any]:
    """Return what is in a list or a dictionary, or the one thing, as a list.

    A dictionary's things stand in the order of its sorted keys, as in Keras.

    >>> flat({"b": 1, "a": 2}), flat(3)
    ([2, 1], [3])
    """
    if isinstance(x, dict):
        return [x[key] for key in sorted(x)]
    return [*x] if isinstance(x, list | tuple) else [x]
