"""Group normalisation."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.layers.sample_normalization import SampleNormalization


@keras_signature
class GroupNormalization(SampleNormalization):
    """Give each group of a sample's channels mean 0 and variance 1; scale and shift.

        y = γ · (x − mean) / √(variance + ε) + β

    Mean and variance are those of all pixels of the group's channels, in training and
    at inference. One group is layer normalisation over the whole sample, as many as
    channels instance normalisation.

    Shapes:
        x, y: (N, ..., C); gamma, beta: (C,)

    Args:
        groups: how many, a divisor of C; −1 for as many as channels.
        axis: the channels'.
        epsilon: ε, above 0.
        center: whether β is added.
        scale: whether γ multiplies.
        beta_initializer: first values of β.
        gamma_initializer: first values of γ.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: an argument is out of range, or groups does not divide C.

    References: Wu & He (2018);
    `keras/src/layers/normalization/group_normalization.py`.
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
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
        if groups != -1:
            arguments.positive_int(self.label, "groups", groups)
        if not arguments.is_integer(axis):
            raise ValueError(
                f"{self.label}: expected an integer for axis, received {axis!r}"
            )
        self.groups, self.axis = groups, axis

    def axes(self, input_shape: Shape) -> tuple[int, ...]:
        """Return the channels' axis.

        Raises:
            ValueError: groups does not divide it.
        """
        axes = self.checked_axes(input_shape, [self.axis])
        channels: Any = input_shape[axes[0]]
        if channels % self.groups_of(channels):
            raise ValueError(
                f"{self.label}: expected groups to divide the channels, received "
                f"groups={self.groups} and input {format_shape(input_shape)}"
            )
        return axes

    def groups_of(self, channels: int) -> int:
        """Return how many groups there are."""
        return channels if self.groups == -1 else self.groups

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}
