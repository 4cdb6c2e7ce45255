"""Shapes of masks that are the same along some dimensions of what they mask."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape, format_shape


def check(who: str, noise_shape: Any) -> tuple[int | None, ...] | None:
    """Return a mask's shape as the user gave it; None inside is x's own size.

    Raises:
        ValueError: it is no sequence of positive integers and None.
    """
    if noise_shape is None:
        return None
    if isinstance(noise_shape, list | tuple) and all(
        size is None or (arguments.is_integer(size) and size > 0)
        for size in noise_shape
    ):
        return tuple(None if size is None else int(size) for size in noise_shape)
    raise ValueError(
        f"{who}: expected noise_shape to be positive integers or None, one for each "
        f"dimension, received {noise_shape!r}"
    )


def of(who: str, noise_shape: tuple[int | None, ...] | None, shape: Any) -> Any:
    """Return the mask's shape for an input's.

    Raises:
        ValueError: it is not one that goes with the input's.
    """
    if noise_shape is None:
        return shape
    if len(noise_shape) == len(shape):
        sizes: Shape = tuple(
            own if size is None else size
            for own, size in zip(shape, noise_shape, strict=True)
        )
        if all(size in (1, own) for own, size in zip(shape, sizes, strict=True)):
            return sizes
    raise ValueError(
        f"{who}: expected noise_shape to have 1, None or the size of each dimension of "
        f"{format_shape(shape)}, received {noise_shape}"
    )
