"""Zeros before and after sequences."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers import margins


@keras_signature
class ZeroPadding1D(margins.Padding):
    """Put zeros before and after each sequence: y[n, before + i, c] = x[n, i, c].

    Shapes:
        x: (N, L, C), y: (N, before + L + after, C)

    Args:
        padding: one integer for both ends, or (before, after).
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a width is not an integer of at least 0.

    Reference: `keras/src/layers/reshaping/zero_padding1d.py`.

    >>> ZeroPadding1D((1, 2))([[[5.0]]])[0, :, 0]
    array([0., 5., 0., 0.], dtype=float32)
    """

    expected = "(N, L, C)"

    def __init__(self, padding: Any = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = margins.pair(self.label, "padding", padding)
        self.widths = (self.padding,)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "padding": self.padding}
