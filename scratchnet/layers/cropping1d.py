"""Sequences without their ends."""

from __future__ import annotations

from typing import Any

from scratchnet.layers import margins


class Cropping1D(margins.Cropping):
    """Cut both ends off each sequence: y[n, i, c] = x[n, before + i, c].

    Shapes:
        x: (N, L, C), y: (N, L − before − after, C)

    Args:
        cropping: one integer for both ends, or (before, after).
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a width is not an integer of at least 0, or nothing would be left.

    Reference: `keras/src/layers/reshaping/cropping1d.py`.

    >>> Cropping1D((1, 0))([[[4.0], [5.0]]])[0, :, 0]
    array([5.], dtype=float32)
    """

    expected = "(N, L, C)"

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = margins.pair(self.label, "cropping", cropping)
        self.widths = (self.cropping,)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "cropping": self.cropping}
