"""A function as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.layer import Layer


@keras_signature
class Lambda(Layer):
    """Compute what a function of layers, operators and `scratchnet.ops` does.

        y = function(x, **arguments)

    The function is traced into the graph when the layer meets its first input, as the
    `call` of a class is (`scratchnet/models/tracing.py`). A file keeps its name and
    not what it does, so that nothing in a file is ever run.

    Shapes:
        x: any, or a list of several
        y: what the function makes of it

    Args:
        function: of the input, or of the list of inputs.
        output_shape: accepted for Keras's sake: the shape follows from the function.
        arguments: passed to the function by name.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        TypeError: function can't be called.

    Reference: `keras/src/layers/core/lambda_layer.py`.

    >>> import scratchnet as keras
    >>> x = keras.Input((2,))
    >>> y = keras.layers.Lambda(lambda t: 2 * t + 1)(x)
    >>> keras.Model(x, y).predict([[1.0, 2.0]], verbose=0).tolist()
    [[3.0, 5.0]]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"{self.label}: expected a function, received {function!r}")
        self.function, self.arguments = function, dict(arguments or {})

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return what the function makes of tensors."""
        named = dict(self.arguments)
        if "training" in inspect.signature(self.function).parameters:
            named["training"] = training
        return self.function(inputs, **named)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype.name,
            "function": self.function,
            **({"arguments": self.arguments} if self.arguments else {}),
        }
