"""Functions of one tensor, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import activations
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.activation import Activation
from scratchnet.ops.operation import HOLE, Operation


class Unary(Operation):
    """y = f(x). A subclass writes `of` and `slope`."""

    def of(self, x: np.ndarray) -> np.ndarray:
        """Return f(x)."""
        raise NotImplementedError

    def slope(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Return f′(x)."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape."""
        return self.operand_shapes(input_shape)[0]

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Compute y."""
        (x,) = self.operands(x)
        y = self.of(x)
        self.remember((x, y), training=training)
        return y

    def backward(self, dy: np.ndarray) -> Any:
        """Return dy · f′(x)."""
        return dy * self.slope(*self.recall())


class Negative(Unary):
    """y = −x."""

    of_whole_numbers = True

    def of(self, x: np.ndarray) -> np.ndarray:
        """Return −x."""
        return np.negative(x)

    def slope(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Return −1."""
        return x.dtype.type(-1)


class Absolute(Unary):
    """y = |x|."""

    of_whole_numbers = True

    def of(self, x: np.ndarray) -> np.ndarray:
        """Return |x|."""
        return np.absolute(x)

    def slope(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Return the sign of x."""
        return np.sign(x)


class Square(Unary):
    """y = x²."""

    of_whole_numbers = True

    def of(self, x: np.ndarray) -> np.ndarray:
        """Return x²."""
        return np.square(x)

    def slope(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Return 2x."""
        return 2 * x


class Sqrt(Unary):
    """y = √x."""

    def of(self, x: np.ndarray) -> np.ndarray:
        """Return √x."""
        return np.sqrt(x)

    def slope(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Return 1 / 2y."""
        return 0.5 / y


class Exp(Unary):
    """y = eˣ."""

    def of(self, x: np.ndarray) -> np.ndarray:
        """Return eˣ."""
        return np.exp(x)

    def slope(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Return y."""
        return y


class Log(Unary):
    """y = log x."""

    def of(self, x: np.ndarray) -> np.ndarray:
        """Return log x."""
        return np.log(x)

    def slope(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Return 1 / x."""
        return 1 / x


def class_name_of(function: activations.ActivationFunction) -> str:
    """Return Keras's name of an activation as an operation: ``LogSoftmax``."""
    if function.__name__ == "relu":
        return "ReLU"
    return "".join(word.title() for word in function.__name__.split("_"))


class ActivationOperation(Activation):
    """An activation function called on a tensor."""

    is_operation = True

    def __init__(
        self, arguments: Any = (HOLE,), activation: Any = "linear", **kwargs: Any
    ) -> None:
        del arguments  # the tensor, always
        self.activation = activations.get(activation)
        super().__init__(self.activation, **kwargs)

    @property
    def class_name(self) -> str:
        """Keras's name of the function as an operation."""
        return class_name_of(self.activation)

    @property
    def keras_module(self) -> str:
        """Where Keras has it."""
        homes = {"ReLU": "activations.activations", "Tanh": "ops.numpy"}
        return f"keras.src.{homes.get(self.class_name, 'ops.nn')}"

    def get_config(self) -> dict[str, Any]:
        """Return the name and the settings; the function is the class's."""
        return {"name": self.name, **self.activation.settings}


def activation(function: activations.ActivationFunction, x: Any) -> Any:
    """Make an activation function of a tensor a node of the graph."""
    return ActivationOperation(activation=function, dtype=x.dtype)(x)
