"""From the user's arrays to batches: checked once, cast batch by batch.

The samples stay where they are, as uint8, float64 or a memory map on disk; only the
batch at hand is gathered and cast to the model's dtype.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import workspace
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.foundation.warn import warn
from scratchnet.models.arrays import as_numbers, fit_rank
from scratchnet.models.source import Source

# What the kernel takes; other dtypes (float16, long double, another byte order) are
# gathered by NumPy.
GATHERED = frozenset(np.dtype(code) for code in "?bBhHiIlLqQfd")


class ByOutput(list):
    """What there is for each of several outputs, None for one that has none."""


def _each(function: Callable[[Any], Any], given: Any) -> Any:
    """Return a function's value, or those for several outputs; of None, None."""
    if isinstance(given, ByOutput):
        return ByOutput(_each(function, one) for one in given)
    return None if given is None else function(given)


class Batch(NamedTuple):
    """Which samples to take, their targets as the user gave them, and weights.

    The inputs are gathered by the plan's operation 0, which calls `take`. Of several
    outputs, targets and weights are a `ByOutput`.
    """

    samples: Samples
    indices: np.ndarray | slice
    y: Any
    sample_weight: Any

    def take(
        self, scale: float | None = None, which: int = 0
    ) -> tuple[np.ndarray, bool]:
        """Return one of the inputs in the model's dtype; see `Samples.take`."""
        return self.samples.inputs[which].take(self.indices, scale)


class Samples(Source):
    """Inputs with their targets and weights, if there are any.

    Args:
        who: the method that received them, for messages.
        x: inputs, (N, ...).
        y: targets, (N, ...), or None; of several outputs, a `ByOutput`.
        sample_weight: (N,) or None, likewise.
        input_shape: the model's, (None, ...), or None before it is built.
        dtype: the model's.
        which: of the model's inputs this is.

    Attributes:
        others: the samples of the model's other inputs.

    Raises:
        ValueError: no samples, different numbers of them, or a wrong shape.
        TypeError: something that is not an array of numbers.
    """

    name = "array"

    def __init__(
        self,
        who: str,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        input_shape: Shape | None = None,
        dtype: np.dtype | None = None,
        which: int = 0,
    ) -> None:
        self.who, self.dtype = who, dtype
        self.x = fit_rank(as_numbers(who, "x", x), input_shape)
        if self.x.ndim == 0 or len(self.x) == 0:
            raise ValueError(
                f"{who}: expected at least one sample in x, "
                f"received shape {self.x.shape}"
            )
        if input_shape is not None:
            self._check_shape(input_shape)
        self.others: list[Samples] = []
        self.which = which
        self.compare(y, sample_weight)

    def compare(self, y: Any, sample_weight: Any) -> None:
        """Take in what the outputs are to be compared with, and its weights.

        Raises, shapes: as for the constructor.
        """
        self.y = _each(self._targets, y)
        self.sample_weight = _each(self._weights, sample_weight)

    def _targets(self, y: Any) -> np.ndarray:
        targets = as_numbers(self.who, "y", y)
        if targets.ndim == 0 or len(targets) != len(self.x):
            raise ValueError(
                f"{self.who}: expected as many targets as inputs, received x of shape "
                f"{self.x.shape} and y of shape {targets.shape}"
            )
        return targets

    def _weights(self, weights: Any) -> np.ndarray:
        weights = as_numbers(self.who, "sample_weight", weights)
        count = len(self.x)
        if weights.size == count:
            weights = weights.reshape(-1)
        fits = weights.ndim and len(weights) == count
        if not fits or not np.isfinite(weights).all():
            raise ValueError(
                f"{self.who}: expected a finite sample_weight for each of {count} "
                f"samples, received shape {weights.shape}"
            )
        return weights

    def _check_shape(self, input_shape: Shape) -> None:
        shape = self.x.shape
        if len(shape) != len(input_shape) or any(
            want is not None and want != got
            for want, got in zip(input_shape[1:], shape[1:], strict=True)
        ):
            hint = "; that is one sample, x[None] a batch of it"
            raise ValueError(
                f"{self.who}: expected x of shape {format_shape(input_shape)}, "
                f"received {shape}{hint if shape == input_shape[1:] else ''}"
            )

    def beside(self, others: list[Samples]) -> None:
        """Take in the samples of the model's other inputs.

        Raises:
            ValueError: their numbers differ.
        """
        self.others = others
        if len({len(one) for one in self.inputs}) > 1:
            raise ValueError(
                f"{self.who}: expected as many samples for each input, received "
                f"{', '.join(str(one.x.shape) for one in self.inputs)}"
            )

    @property
    def inputs(self) -> list[Samples]:
        """The samples of each input of the model, these first."""
        return [self, *self.others]

    @property
    def input_shape(self) -> Any:
        """The shape of a batch, None for its size; of several inputs, a list."""
        shapes = [(None, *one.x.shape[1:]) for one in self.inputs]
        return shapes[0] if len(shapes) == 1 else shapes

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.x)

    def part(self, start: int, stop: int) -> Samples:
        """Return a range of the samples, without copying them."""
        part = object.__new__(Samples)
        part.others = [one.part(start, stop) for one in self.others]
        part.who, part.dtype, part.which = self.who, self.dtype, self.which
        part.x = self.x[start:stop]
        part.y = _each(lambda one: one[start:stop], self.y)
        part.sample_weight = _each(lambda one: one[start:stop], self.sample_weight)
        return part

    def weigh_classes(self, class_weight: dict[int, float]) -> None:
        """Give every sample the weight of its class; a class not named weighs 1.

        Raises:
            TypeError, ValueError: these are no weights, or the samples have some.
        """
        y = self.y
        if isinstance(y, ByOutput):
            raise ValueError(
                f"{self.who}: expected class_weight for a model with one output alone; "
                f"this one has {len(y)}: pass sample_weight, an array for each"
            )
        if self.sample_weight is not None:
            raise ValueError(
                f"{self.who}: expected class_weight or sample_weight, received both"
            )
        labels = _labels(y)
        self.sample_weight = np.ones(len(y), np.float32)
        for label, weight in class_weight.items():
            self.sample_weight[labels == label] = weight

    def name_missing_classes(self, class_weight: dict[int, float]) -> None:
        """Warn of classes that have a weight and no sample."""
        missing = sorted(set(class_weight) - set(_labels(self.y)))
        if missing:
            warn(
                f"{self.who}: class_weight has the classes {missing}, and no sample is "
                "of those; labels count from 0"
            )

    def check_finite(self) -> None:
        """Look at all of x once, before anything is learnt from a part of it.

        Raises:
            ValueError: a number is NaN, infinite or too large for the model's dtype.
        """
        for which, one in enumerate(self.inputs):
            if one.x.dtype.kind == "f":
                with workspace.Workspace():
                    for batch in self.items(256):
                        batch.take(which=which)

    def sizes(self, batch_size: int | None, steps: int | None) -> tuple[int, int]:
        """Return their number, and that in a batch: as given, or for so many steps."""
        if batch_size is None:
            batch_size = math.ceil(len(self) / steps) if steps else 32
        return len(self), batch_size

    def count(self, batch_size: int) -> int:
        """Return the number of batches, the last and smaller one included."""
        return -(-len(self) // batch_size)

    def items(
        self, batch_size: int, generator: np.random.Generator | None = None
    ) -> Iterator[Batch]:
        """Yield batch after batch, of an order that is drawn if it is to be.

        The last one is as long as the samples last.
        """
        order = None if generator is None else generator.permutation(len(self))
        for start in range(0, len(self), batch_size):
            stop = start + batch_size
            yield (
                self.span(start, stop) if order is None else self.at(order[start:stop])
            )

    def at(self, indices: np.ndarray | slice) -> Batch:
        """Return the samples at ``indices``, in any order, or of a slice."""
        targets = _each(lambda one: one[indices], self.y)
        weights = _each(lambda one: one[indices], self.sample_weight)
        return Batch(self, indices, targets, weights)

    def span(self, start: int, stop: int) -> Batch:
        """Return the samples from ``start`` to ``stop``, or to the last one."""
        return self.at(slice(start, min(stop, len(self.x))))

    def take(
        self, indices: np.ndarray | slice, scale: float | None = None
    ) -> tuple[np.ndarray, bool]:
        """Return samples in the model's dtype; a copy only where it casts or gathers.

        Args:
            indices: which.
            scale: what integers are multiplied with while they are cast.

        Returns:
            The inputs, and whether they were scaled.

        Raises:
            ValueError: a number is NaN, infinite or too large for the model's dtype.
        """
        if isinstance(indices, slice):
            x = self.x[indices]
            if x.dtype == self.dtype and x.flags.carray:
                return self._finite(x, indices), False
        x, scaled = self._cast(as_indices(indices), scale)
        return self._finite(x, indices), scaled

    def _cast(
        self, indices: np.ndarray, scale: float | None
    ) -> tuple[np.ndarray, bool]:
        x = self._batch_array(len(indices))
        if self.x.flags.c_contiguous and self.x.dtype in GATHERED:
            if self.x.dtype.kind not in "bui":
                scale = None
            source = self.x.reshape(len(self.x), -1)
            rows = x.reshape(len(indices), -1)
            kernels.gather(source, indices, 1.0 if scale is None else scale, rows)
            return x, scale is not None
        with np.errstate(over="ignore"):  # infinity is found, and named, right after
            np.copyto(x, self.x[indices], casting="unsafe")
        return x, False

    def _batch_array(self, size: int) -> np.ndarray:
        assert self.dtype is not None
        shape = (size, *self.x.shape[1:])
        return workspace.empty("batch", f"x{self.which}", shape, self.dtype)

    def _finite(self, x: np.ndarray, indices: np.ndarray | slice) -> np.ndarray:
        """Refuse NaN and infinity, which would spread to every weight."""
        if self.x.dtype.kind != "f":
            return x
        first = kernels.first_non_finite(x.reshape(-1))
        if first >= 0:
            at = np.unravel_index(first, x.shape)
            index = (int(as_indices(indices)[at[0]]), *(int(i) for i in at[1:]))
            raise ValueError(
                f"{self.who}: expected finite x in {self.dtype}, "
                f"received {self.x[index]} at index {index}"
            )
        return x


def as_indices(indices: np.ndarray | slice) -> np.ndarray:
    """Return a slice with both its ends as the indices that it stands for."""
    if isinstance(indices, slice):
        return np.arange(indices.start, indices.stop)
    return indices


def _labels(y: Any) -> np.ndarray:
    """Return class numbers of what may be one-hot rows."""
    return y.argmax(-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)


def check_class_weight(who: str, class_weight: Any) -> None:
    """Require {class: weight}.

    Raises:
        TypeError: it is no dictionary.
        ValueError: a class is no number from 0, or a weight not finite.
    """
    if not isinstance(class_weight, dict):
        raise TypeError(
            f"{who}: expected class_weight={{class: weight}}, "
            f"received {type(class_weight).__name__}"
        )
    for label, weight in class_weight.items():
        numbers = isinstance(label, Real) and isinstance(weight, Real)
        if not numbers or not np.isfinite(weight) or label < 0 or label % 1:
            raise ValueError(
                f"{who}: expected class_weight of integers from 0 and finite weights, "
                f"received {label!r}: {weight!r}"
            )
