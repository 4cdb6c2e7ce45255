"""Activation functions: what each computes, and its derivative in terms of its output.

    linear      y = x                          dx = dy
    relu        y = max(x, 0)                  dx = dy where y > 0, else 0
    leaky_relu  y = x where x > 0, else a x    dx = dy where y > 0, else a dy
    sigmoid     y = 1 / (1 + e⁻ˣ)              dx = dy · y (1 − y)
    tanh        y = tanh x                     dx = dy · (1 − y²)
    softmax     y_i = eˣⁱ / ∑_j eˣʲ            dx_i = y_i (dy_i − ∑_j dy_j y_j)

Each derivative needs only y, so that the input may be overwritten by the output.

Reference: `keras/src/activations/activations.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments, lookup
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import rows


class ActivationFunction:
    """A function that layers can apply and differentiate; call it on any array.

    >>> relu([-1.0, 2.0])
    array([0., 2.], dtype=float32)

    Attributes:
        name: as users write it.
        operation: the kernels' name of it, by which a plan's rules know it; "" for a
            function of the user's own.
        numbers: its settings, such as a slope.
    """

    name = ""
    operation = ""
    numbers: tuple[float, ...] = ()

    def forward(self, x: np.ndarray, y: np.ndarray) -> None:
        """Write the function of x into y; y may be x itself."""
        raise NotImplementedError

    def backward(self, y: np.ndarray, dy: np.ndarray, dx: np.ndarray) -> None:
        """Write ∂loss/∂x into dx, given y and dy = ∂loss/∂y."""
        raise NotImplementedError

    def __call__(self, x: Any) -> np.ndarray:
        """Return the function of x as a new array.

        float64 arrays stay float64, everything else becomes float32.
        """
        double = isinstance(x, np.ndarray) and x.dtype == np.float64
        y = np.array(x, np.float64 if double else np.float32, order="C")
        self.forward(y, y)
        return y

    def get_config(self) -> dict[str, Any]:
        """Return nothing: these functions have no settings."""
        return {}

    def __reduce__(self) -> Any:
        """Copy and unpickle to the one object of this name, which `is` compares."""
        if ALL.get(self.name) is self:
            return get, (self.name,)
        return super().__reduce__()

    def __repr__(self) -> str:
        """Show where the function is found."""
        return f"<scratchnet.activations.{self.name}>"


class _Linear(ActivationFunction):
    name = "linear"

    def forward(self, x: np.ndarray, y: np.ndarray) -> None:
        if y is not x:
            np.copyto(y, x)

    def backward(self, y: np.ndarray, dy: np.ndarray, dx: np.ndarray) -> None:
        if dx is not dy:
            np.copyto(dx, dy)


class _Elementwise(ActivationFunction):
    """An activation whose kernels take flat arrays, and numbers after them."""

    def __init__(self, name: str, *numbers: float) -> None:
        self.name = self.operation = name
        self.numbers = numbers
        self._forward = kernels.OPERATIONS[f"{name}_forward"]
        self._backward = kernels.OPERATIONS[f"{name}_backward"]

    def forward(self, x: np.ndarray, y: np.ndarray) -> None:
        self._forward(x.reshape(-1), y.reshape(-1), *self.numbers)

    def backward(self, y: np.ndarray, dy: np.ndarray, dx: np.ndarray) -> None:
        self._backward(*(y.reshape(-1), dy.reshape(-1), dx.reshape(-1)), *self.numbers)


class _Relu(_Elementwise):
    __call__ = keras_signature(_Elementwise.__call__, "relu")


class _LeakyRelu(_Elementwise):
    """Leaky ReLU; with another slope than Keras's default it has another name."""

    def __init__(self, negative_slope: float = 0.2) -> None:
        self.negative_slope = arguments.non_negative(
            "leaky_relu", "negative_slope", negative_slope
        )
        super().__init__("leaky_relu", self.negative_slope)
        if self.negative_slope != 0.2:
            self.name = f"leaky_relu with negative_slope={self.negative_slope}"

    def __call__(self, x: Any, negative_slope: float = 0.2) -> np.ndarray:
        if negative_slope != self.negative_slope:
            return self.with_slope(negative_slope)(x, negative_slope)
        return super().__call__(x)

    def with_slope(self, negative_slope: float) -> _LeakyRelu:
        """Return the function with another slope where x is not above 0."""
        return _LeakyRelu(negative_slope)

    def __reduce__(self) -> Any:
        if self is leaky_relu:
            return super().__reduce__()
        return _LeakyRelu, (self.negative_slope,)


class _Softmax(ActivationFunction):
    """Softmax over the last axis."""

    name = operation = "softmax"

    __call__ = keras_signature(ActivationFunction.__call__, "softmax")

    def forward(self, x: np.ndarray, y: np.ndarray) -> None:
        if x.ndim == 0:
            raise ValueError("softmax: expected at least one dimension, received ()")
        kernels.softmax_forward(rows(x), rows(y))

    def backward(self, y: np.ndarray, dy: np.ndarray, dx: np.ndarray) -> None:
        kernels.softmax_backward(rows(y), rows(dy), rows(dx))


linear = _Linear()
relu = _Relu("relu")
leaky_relu = _LeakyRelu()
sigmoid = _Elementwise("sigmoid")
tanh = _Elementwise("tanh")
softmax = _Softmax()

ALL = {f.name: f for f in (linear, relu, leaky_relu, sigmoid, tanh, softmax)}


def get(identifier: Any) -> ActivationFunction:
    """Return an activation by name, or the one given; None stands for linear.

    Raises:
        ValueError: the name is unknown.
        TypeError: the identifier is neither a name nor an activation.
    """
    if identifier is None:
        return linear
    return lookup.find("activation", identifier, ALL, ActivationFunction)


__getattr__ = lookup.missing_attribute(__name__, ALL)
