"""The exponential linear unit as a layer."""

from __future__ import annotations

from typing import Any

from scratchnet import activations
from scratchnet.layers.activation import Activation
from scratchnet.layers.layer import Layer


class ELU(Activation):
    """y = x where x > 0, else alpha · (eˣ − 1).

    Shapes:
        x, y: any shape

    Args:
        alpha: what y falls towards, at least 0.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: alpha is not a number of at least 0.

    References: Clevert, Unterthiner & Hochreiter (2016);
    `keras/src/layers/activations/elu.py`.

    >>> ELU()([[-1.0, 3.0]])
    array([[-0.63212055,  3.        ]], dtype=float32)
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        function = activations.elu.with_settings(alpha=alpha)
        super().__init__(function, **kwargs)
        self.alpha = function.settings["alpha"]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**Layer.get_config(self), "alpha": self.alpha}
