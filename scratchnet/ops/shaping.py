"""Tensors in another shape or order, joined, and parts of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.ops.operation import HOLE, Operation

# A batch's size while the shape of a part is worked out: no other size is as large.
PROBE = 2**40 + 1


class Reshape(Operation):
    """The same elements in another shape; −1 stands for what is left."""

    def __init__(
        self, arguments: Any = (HOLE,), newshape: Any = (), **kwargs: Any
    ) -> None:
        super().__init__(arguments, **kwargs)
        whole = (newshape,) if isinstance(newshape, int) else newshape
        self.newshape = tuple(-1 if size is None else int(size) for size in whole)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the new shape, with the batch's size open where it is −1.

        Raises:
            ValueError: the numbers of elements differ.
        """
        (shape,) = self.operand_shapes(input_shape)
        have, want = (
            math.prod(size for size in sizes if size not in (None, -1))
            for sizes in (shape, self.newshape)
        )
        is_open, fits = None in shape, have == want
        if -1 in self.newshape and (not is_open or self.newshape[0] != -1):
            fits = want > 0 and have % want == 0
        if not fits or self.newshape.count(-1) > 1:
            raise ValueError(
                f"{self.label}: expected a shape of as many elements as "
                f"{format_shape(shape)}, received {self.newshape}"
            )
        left: Any = None if is_open else have // max(want, 1)
        return tuple(left if size == -1 else size for size in self.newshape)

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Return x in the new shape."""
        (x,) = self.operands(x)
        self.remember(x.shape, training=training)
        return x.reshape(self.newshape)

    def backward(self, dy: np.ndarray) -> Any:
        """Return dy in the old shape."""
        return dy.reshape(self.recall())

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {"name": self.name, "newshape": self.newshape}


class Transpose(Operation):
    """The axes in another order; None is the reverse."""

    def __init__(
        self, arguments: Any = (HOLE,), axes: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(arguments, **kwargs)
        self.axes = None if axes is None else tuple(axes)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the sizes in the new order."""
        (shape,) = self.operand_shapes(input_shape)
        axes = self.axes or tuple(range(len(shape)))[::-1]
        return tuple(shape[axis] for axis in axes)

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Return x with its axes in the new order."""
        (x,) = self.operands(x)
        return np.ascontiguousarray(np.transpose(x, self.axes))

    def backward(self, dy: np.ndarray) -> Any:
        """Return dy with its axes in the old order."""
        back = None if self.axes is None else np.argsort(self.axes)
        return np.ascontiguousarray(np.transpose(dy, back))

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {"name": self.name, "axes": self.axes}


class GetItem(Operation):
    """A part of x, by numbers and slices as NumPy takes it."""

    def _key(self) -> Any:
        key = self.arguments[1]
        return tuple(key) if isinstance(key, list) else key

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the part's shape.

        Raises:
            ValueError: there is no such part, or the batch is cut.
        """
        shape = input_shape[0] if isinstance(input_shape, list) else input_shape
        probe = np.lib.stride_tricks.as_strided(
            np.zeros(1, np.int8), [size or PROBE for size in shape], [0] * len(shape)
        )
        try:
            found = probe[self._key()].shape
        except (IndexError, TypeError) as error:
            raise ValueError(f"{self.label}: {error}") from None
        if any(PROBE // 4 < size < PROBE for size in found):
            raise ValueError(
                f"{self.label}: expected a part of each sample, received "
                f"{self.arguments[1]!r}, which cuts the batch"
            )
        return tuple(None if size == PROBE else size for size in found)

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Return the part, as an array of its own."""
        if self.arguments[0] is not HOLE:
            x = np.asarray(self.arguments[0])
        self.remember(x.shape, training=training)
        return np.array(x[self._key()])

    def backward(self, dy: np.ndarray) -> Any:
        """Return dy where the part was, 0 elsewhere."""
        dx = np.zeros(self.recall(), self.dtype)
        dx[self._key()] += dy
        return dx


class AxisOperation(Operation):
    """The base of operations with one setting, an axis."""

    def __init__(self, arguments: Any = (HOLE,), axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(arguments, **kwargs)
        self.axis = axis

    def get_config(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {"name": self.name, "axis": self.axis}


class ExpandDims(AxisOperation):
    """x with an axis of size 1 more."""

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the shape with a 1 more."""
        (shape,) = self.operand_shapes(input_shape)
        at = self.axis + len(shape) + 1 if self.axis < 0 else self.axis
        return (*shape[:at], 1, *shape[at:])

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Return x with the axis."""
        (x,) = self.operands(x)
        return np.expand_dims(x, self.axis)

    def backward(self, dy: np.ndarray) -> Any:
        """Return dy without it."""
        return np.squeeze(dy, self.axis)


class Squeeze(AxisOperation):
    """x without an axis of size 1; None is all of them."""

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the shape without it.

        Raises:
            ValueError: the size there is not 1.
        """
        (shape,) = self.operand_shapes(input_shape)
        gone = [i for i, size in enumerate(shape) if size == 1]
        if self.axis is not None:
            gone = [int(axis) % len(shape) for axis in np.atleast_1d(self.axis)]
        if any(shape[axis] != 1 for axis in gone):
            raise ValueError(
                f"{self.label}: expected size 1 along axis {self.axis}, received "
                f"{format_shape(shape)}"
            )
        return tuple(size for i, size in enumerate(shape) if i not in gone)

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Return x without the axis."""
        (x,) = self.operands(x)
        self.remember(x.shape, training=training)
        return x.reshape([n or len(x) for n in self.compute_output_shape(x.shape)])

    def backward(self, dy: np.ndarray) -> Any:
        """Return dy with it."""
        return dy.reshape(self.recall())


class Joined(AxisOperation):
    """The base of operations on a list of tensors."""

    def operands(self, x: Any) -> list[np.ndarray]:
        """Return the tensors of the list, with arrays in their places."""
        given = iter(x if isinstance(x, list) else [x])
        return [
            next(given) if one is HOLE else np.asarray(one, self.dtype)
            for one in self.arguments[0]
        ]

    def operand_shapes(self, input_shape: Any) -> list[Shape]:
        """Return their shapes."""
        given = iter(input_shape if isinstance(input_shape, list) else [input_shape])
        return [
            next(given) if one is HOLE else np.shape(one) for one in self.arguments[0]
        ]

    def of_holes(self, gradients: list[Any]) -> Any:
        """Return the gradients of the list's tensors."""
        pairs = zip(gradients, self.arguments[0], strict=True)
        found = [gradient for gradient, one in pairs if one is HOLE]
        return found[0] if len(found) == 1 else found


class Concatenate(Joined):
    """Tensors side by side along an axis."""

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Add the sizes along the axis up.

        Raises:
            ValueError: the others differ.
        """
        shapes = self.operand_shapes(input_shape)
        axis = self.axis % len(shapes[0])
        if len({(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}) != 1:
            raise ValueError(
                f"{self.label}: expected shapes that differ along axis {self.axis} "
                f"alone, received {', '.join(map(format_shape, shapes))}"
            )
        sizes: list[Any] = [shape[axis] for shape in shapes]
        whole = None if None in sizes else sum(sizes)
        return (*shapes[0][:axis], whole, *shapes[0][axis + 1 :])

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Return them side by side."""
        arrays = self.operands(x)
        self.remember([one.shape[self.axis] for one in arrays], training=training)
        return np.concatenate(arrays, self.axis)

    def backward(self, dy: np.ndarray) -> Any:
        """Cut the gradient up."""
        ends = np.cumsum(self.recall())[:-1]
        parts = np.split(dy, ends, self.axis)
        return self.of_holes([np.ascontiguousarray(part) for part in parts])


class Stack(Joined):
    """Tensors of one shape along a new axis."""

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Return the shape with the new axis.

        Raises:
            ValueError: the shapes differ.
        """
        shapes = self.operand_shapes(input_shape)
        if len(set(shapes)) != 1:
            raise ValueError(
                f"{self.label}: expected one shape, received "
                f"{', '.join(map(format_shape, shapes))}"
            )
        at = self.axis + len(shapes[0]) + 1 if self.axis < 0 else self.axis
        return (*shapes[0][:at], len(shapes), *shapes[0][at:])

    def forward(self, x: Any, *, training: bool) -> np.ndarray:
        """Return them along the axis."""
        return np.stack(self.operands(x), self.axis)

    def backward(self, dy: np.ndarray) -> Any:
        """Cut the gradient up."""
        parts = np.moveaxis(dy, self.axis, 0)
        return self.of_holes([np.ascontiguousarray(part) for part in parts])
