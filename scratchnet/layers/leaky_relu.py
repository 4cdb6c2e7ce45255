"""The leaky rectified linear unit as a layer."""

from __future__ import annotations

from typing import Any

from scratchnet import activations
from scratchnet.layers.activation import Activation
from scratchnet.layers.layer import Layer


class LeakyReLU(Activation):
    """y = x where x > 0, else a · x; the gradient likewise: dx = dy or a · dy.

    A unit whose x is below 0 for every sample goes on learning, which one of `ReLU`
    does not.

    Shapes:
        x, y: any shape

    Args:
        negative_slope: a, at least 0; ``alpha`` in older versions of Keras.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: negative_slope is not a number of at least 0.
        TypeError: it is given as ``alpha``.

    Reference: `keras/src/layers/activations/leaky_relu.py`.

    >>> LeakyReLU(0.5)([[-2.0, 3.0]])
    array([[-1.,  3.]], dtype=float32)
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        if "alpha" in kwargs:
            raise TypeError(
                f"LeakyReLU: 'alpha' is called negative_slope now; "
                f"write LeakyReLU({kwargs['alpha']!r})"
            )
        function = activations.leaky_relu.with_settings(negative_slope=negative_slope)
        super().__init__(function, **kwargs)
        self.negative_slope = function.settings["negative_slope"]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**Layer.get_config(self), "negative_slope": self.negative_slope}
