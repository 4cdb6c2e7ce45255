"""What padding and cropping have in common: samples with a margin, and without."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.layers.layer import Layer

# For each dimension between batch and channels: how much before, and after.
Widths = tuple[tuple[int, int], ...]


class Margins(Layer):
    """The base of layers that put a margin around each sample, or cut one off.

    Each is the other's gradient: what was 0 anyway needs none, and what nobody read
    has a gradient of 0.

    Attributes:
        widths: the margin, (before, after) for each dimension between batch and
            channels.
        expected: the input's shape, as messages say it.
    """

    free_output = True
    free_gradient = True
    widths: Widths
    expected = "(N, H, W, C)"

    def resized(self, shape: Shape, sign: int) -> Shape:
        """Return a shape with a margin more (sign 1), or one less (−1)."""
        sizes = [
            int(size or 0) + sign * sum(width)
            for size, width in zip(shape[1:-1], self.widths, strict=True)
        ]
        return (shape[0], *sizes, shape[-1])

    def surround(self, name: str, x: np.ndarray) -> np.ndarray:
        """Return x inside a margin of zeros."""
        wide = self.empty(name, self.resized(x.shape, 1))
        wide[...] = 0
        wide[self._inner(x.shape)] = x
        return wide

    def cut(self, name: str, x: np.ndarray) -> np.ndarray:
        """Return x without its margin."""
        narrow = self.empty(name, self.resized(x.shape, -1))
        np.copyto(narrow, x[self._inner(narrow.shape)])
        return narrow

    def _inner(self, shape: tuple[int, ...]) -> tuple[slice, ...]:
        """Index what lies inside the margin; the shape is without it."""
        sides = zip(self.widths, shape[1:-1], strict=True)
        return slice(None), *(slice(a, a + size) for (a, _), size in sides)


class Padding(Margins):
    """y is x inside a margin of zeros, and dx what lies inside of dy."""

    operation = "zero_padding"

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape with the margin.

        Raises:
            ValueError: the input has another rank.
        """
        arguments.rank(self.label, input_shape, self.expected)
        return self.resized(input_shape, 1)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Copy x into zeros."""
        self.remember(x.shape, training=training)
        return self.surround("y", x)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Cut the margin off."""
        return self.cut("dx", self.check_gradient(dy, self.resized(self.recall(), 1)))


class Cropping(Margins):
    """y is what lies inside of x, and dx is dy inside a margin of zeros."""

    operation = "cropping"

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape without the margin.

        Raises:
            ValueError: the input has another rank, or is no larger than the margin.
        """
        arguments.rank(self.label, input_shape, self.expected)
        shape = self.resized(input_shape, -1)
        if any(int(size or 0) < 1 for size in shape[1:-1]):
            raise ValueError(
                f"{self.label}: expected an input larger than what is cut off, "
                f"{self.widths}, received {format_shape(input_shape)}"
            )
        return shape

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Copy what lies inside."""
        self.remember(x.shape, training=training)
        return self.cut("y", x)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Put the gradient into zeros."""
        shape = self.resized(self.recall(), -1)
        return self.surround("dx", self.check_gradient(dy, shape))


def pair(who: str, name: str, value: Any) -> tuple[int, int]:
    """Return (before, after) from one integer of at least 0, or two.

    Raises:
        ValueError: it is neither.
    """
    both = value if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2 or not all(map(arguments.is_integer, both)) or min(both) < 0:
        raise ValueError(
            f"{who}: expected one or two integers of at least 0 for {name}, "
            f"received {value!r}"
        )
    return int(both[0]), int(both[1])


def two_pairs(who: str, name: str, value: Any) -> Widths:
    """Return ((top, bottom), (left, right)): one integer, one for each axis, or all.

    Raises:
        ValueError: it is none of these.
    """
    both = value if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2:
        raise ValueError(
            f"{who}: expected {name} to be one integer, (rows, columns) or "
            f"((top, bottom), (left, right)), received {value!r}"
        )
    return pair(who, name, both[0]), pair(who, name, both[1])
