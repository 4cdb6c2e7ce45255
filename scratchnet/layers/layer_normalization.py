"""Layer normalisation."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.sample_normalization import SampleNormalization


@keras_signature
class LayerNormalization(SampleNormalization):
    """Give the values along an axis mean 0 and variance 1, then scale and shift.

        y = γ · (x − mean) / √(variance + ε) + β

    Mean and variance are those of each sample, and of each place outside of the axes,
    in training and at inference.

    Shapes:
        x, y: (N, ...); gamma, beta: the sizes of the axes

    Args:
        axis: along which, or several, taken together.
        epsilon: ε, above 0.
        center: whether β is added.
        scale: whether γ multiplies.
        beta_initializer: first values of β.
        gamma_initializer: first values of γ.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: epsilon is not above 0, or x has no such axis.
        TypeError: axis is neither an integer nor a list of them.

    References: Ba, Kiros & Hinton (2016);
    `keras/src/layers/normalization/layer_normalization.py`.
    """

    per_pixel = True

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            epsilon=epsilon,
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            **kwargs,
        )
        several = list(axis) if isinstance(axis, list | tuple) else [axis]
        if not several or not all(map(arguments.is_integer, several)):
            raise TypeError(
                f"{self.label}: expected axis to be an integer or several, "
                f"received {axis!r}"
            )
        self.axis = several if isinstance(axis, list | tuple) else axis
        self._axes = several

    def axes(self, input_shape: Shape) -> tuple[int, ...]:
        """Return the axes that are normalised together."""
        return self.checked_axes(input_shape, self._axes)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "axis": self.axis}
