"""What an activation function is to the layers that apply it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from scratchnet.foundation.tensor import as_tensor

# What an argument beside x is by default, and how a value given for it is checked: a
# function of who asks, the argument's name and the value, which returns it.
Argument = tuple[Any, Callable[[str, str, Any], Any]]

REQUIRED: Any = inspect.Parameter.empty


class ActivationFunction:
    """A function that layers can apply and differentiate; call it on any array.

    Its derivative is computed from y, so that x may be overwritten by y, or, where
    ``needs_input`` is True, from x. What ``backward`` reads is called what was kept.

    Args:
        name: as users write it.
        **arguments: Keras's arguments beside x, each with its default and its check.

    Attributes:
        name: that name; with other settings than Keras's defaults it says which.
        operation: the kernels' name of it, by which a plan's rules know it; "" for a
            function that the rules don't know.
        settings: the values of the arguments beside x.
        numbers: what the kernels are given of them.
        needs_input: whether ``backward`` reads x, and not y.
    """

    operation: str = ""
    numbers: tuple[float, ...] = ()
    needs_input: bool = False

    def __init__(self, name: str, **arguments: Argument) -> None:
        self.name = self.__name__ = name
        self._arguments = arguments
        self.settings = {key: default for key, (default, _) in arguments.items()}
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature(
            [
                inspect.Parameter("x", kind),
                *(
                    inspect.Parameter(key, kind, default=default)
                    for key, (default, _) in arguments.items()
                ),
            ]
        )
        self.choose_kernels()

    def choose_kernels(self) -> None:
        """Set what depends on `settings`, when they are known."""

    def forward(self, x: np.ndarray, y: np.ndarray) -> None:
        """Write the function of x into y; y may be x itself."""
        raise NotImplementedError

    def backward(self, kept: np.ndarray, dy: np.ndarray, dx: np.ndarray) -> None:
        """Write ∂loss/∂x into dx, given y, or x if it is needed, and dy = ∂loss/∂y."""
        raise NotImplementedError

    def with_settings(self, **settings: Any) -> ActivationFunction:
        """Return the function with other values for arguments beside x.

        Raises:
            ValueError: a value makes no sense.
        """
        checked = {
            key: self._arguments[key][1](self.__name__, key, value)
            for key, value in settings.items()
        }
        if checked.items() <= self.settings.items():
            return self
        other = type(self)(self.__name__, **self._arguments)
        other.settings = {**self.settings, **checked}
        changed = [
            f"{key}={value}"
            for key, value in other.settings.items()
            if value != self._arguments[key][0]
        ]
        other.name = " with ".join([self.__name__, *filter(None, [", ".join(changed)])])
        other.choose_kernels()
        return other

    def __call__(self, x: Any, *arguments: Any, **named: Any) -> Any:
        """Return the function of x as a new array.

        float64 arrays stay float64, everything else becomes float32. Further arguments
        are those of Keras's function.
        """
        given = self.__signature__.bind(x, *arguments, **named).arguments
        function = self.with_settings(**{k: v for k, v in given.items() if k != "x"})
        if hasattr(x, "activated"):  # it stands for an array, in a graph
            return x.activated(function)
        double = isinstance(x, np.ndarray) and x.dtype == np.float64
        y = np.array(x, np.float64 if double else np.float32, order="C")
        function.forward(y, y)
        return as_tensor(y)

    def get_config(self) -> dict[str, Any]:
        """Return nothing: a configuration names the function."""
        return {}

    def __reduce__(self) -> Any:
        """Copy and unpickle to the one object of this name, which `is` compares."""
        return _again, (self.__name__, self.settings)

    def __repr__(self) -> str:
        """Show where the function is found."""
        return f"<scratchnet.activations.{self.name}>"


def _again(name: str, settings: dict[str, Any]) -> ActivationFunction:
    from scratchnet import activations  # the list of what there is stands above

    function = activations.get(name)
    return function.with_settings(
        **{k: v for k, v in settings.items() if v is not REQUIRED}
    )


class Linear(ActivationFunction):
    """The function that changes nothing."""

    def forward(self, x: np.ndarray, y: np.ndarray) -> None:
        """Copy x."""
        if y is not x:
            np.copyto(y, x)

    def backward(self, kept: np.ndarray, dy: np.ndarray, dx: np.ndarray) -> None:
        """Copy dy."""
        if dx is not dy:
            np.copyto(dx, dy)
