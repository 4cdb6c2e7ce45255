"""From the user's arrays to batches: checked once, cast batch by batch.

The samples stay where they are, as uint8, float64 or a memory map on disk; only the
batch at hand is gathered and cast to the model's dtype.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import random, workspace
from scratchnet.foundation.shapes import Shape, format_shape

# What the kernel takes; other dtypes (float16, long double, another byte order) are
# gathered by NumPy.
GATHERED = frozenset(np.dtype(code) for code in "?bBhHiIlLqQfd")


class Batch(NamedTuple):
    """Which samples to take, their targets as the user gave them, and weights.

    The inputs are gathered by the plan's operation 0, which calls `take`.
    """

    samples: Samples
    indices: np.ndarray | slice
    y: np.ndarray | None
    sample_weight: np.ndarray | None

    def take(self, scale: float | None = None) -> tuple[np.ndarray, bool]:
        """Return the inputs in the model's dtype; see `Samples.take`."""
        return self.samples.take(self.indices, scale)


class Samples:
    """Inputs with their targets and weights, if there are any.

    Args:
        who: the method that received them, for messages.
        x: inputs, (N, ...).
        y: targets, (N, ...), or None.
        sample_weight: (N,) or None.
        input_shape: the model's, (None, ...), or None before it is built.
        dtype: the model's.

    Raises:
        ValueError: no samples, different numbers of them, or a wrong shape.
        TypeError: something that is not an array of numbers.
    """

    def __init__(
        self,
        who: str,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        input_shape: Shape | None = None,
        dtype: np.dtype | None = None,
    ) -> None:
        self.who, self.dtype = who, dtype
        self.x = _fit_rank(as_numbers(who, "x", x), input_shape)
        if self.x.ndim == 0 or len(self.x) == 0:
            raise ValueError(
                f"{who}: expected at least one sample in x, "
                f"received shape {self.x.shape}"
            )
        if input_shape is not None:
            self._check_shape(input_shape)
        self.y = None if y is None else as_numbers(who, "y", y)
        self.sample_weight = _check_weights(who, sample_weight, self.x)
        if self.y is not None and (self.y.ndim == 0 or len(self.y) != len(self.x)):
            raise ValueError(
                f"{who}: expected as many targets as inputs, received x of shape "
                f"{self.x.shape} and y of shape {self.y.shape}"
            )

    def _check_shape(self, input_shape: Shape) -> None:
        shape = self.x.shape
        if len(shape) != len(input_shape) or any(
            want is not None and want != got
            for want, got in zip(input_shape[1:], shape[1:], strict=True)
        ):
            raise ValueError(
                f"{self.who}: expected x of shape {format_shape(input_shape)}, "
                f"received {shape}"
            )

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.x)

    def part(self, start: int, stop: int) -> Samples:
        """Return a range of the samples, without copying them."""
        part = object.__new__(Samples)
        part.who, part.dtype = self.who, self.dtype
        part.x = self.x[start:stop]
        part.y = None if self.y is None else self.y[start:stop]
        weights = self.sample_weight
        part.sample_weight = None if weights is None else weights[start:stop]
        return part

    def check_finite(self) -> None:
        """Look at all of x once, before anything is learnt from a part of it.

        Raises:
            ValueError: a number is NaN, infinite or too large for the model's dtype.
        """
        if self.x.dtype.kind == "f":
            with workspace.Workspace():
                for batch in in_order(self, 256):
                    batch.take()

    def batch(self, indices: np.ndarray | slice) -> Batch:
        """Return the samples at ``indices``, in any order, or of a slice."""
        weights = self.sample_weight
        return Batch(
            self,
            indices,
            None if self.y is None else self.y[indices],
            None if weights is None else weights[indices],
        )

    def span(self, start: int, stop: int) -> Batch:
        """Return the samples from ``start`` to ``stop``, or to the last one."""
        return self.batch(slice(start, min(stop, len(self.x))))

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
        return workspace.empty("batch", "x", (size, *self.x.shape[1:]), self.dtype)

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


def count(samples: Samples, batch_size: int) -> int:
    """Return the number of batches, the last and smaller one included."""
    return -(-len(samples) // batch_size)


def in_order(samples: Samples, batch_size: int) -> Iterator[Batch]:
    """Yield batch after batch, the last one as long as the samples last."""
    for start in range(0, len(samples), batch_size):
        yield samples.span(start, start + batch_size)


def shuffled(
    samples: Samples, batch_size: int, generator: np.random.Generator | None = None
) -> Iterator[Batch]:
    """Yield the batches of a new random order, drawn from the stream ``shuffling``.

    With a ``generator`` the order is drawn from that, and the stream stays untouched.
    """
    generator = generator or random.stream("shuffling")
    order = generator.permutation(len(samples))
    for start in range(0, len(samples), batch_size):
        yield samples.batch(order[start : start + batch_size])


@dataclass
class Position:
    """Where in a pass through the samples the next epoch starts.

    Attributes:
        samples: their number.
        batch_size: samples in a batch.
        taken: batches of the pass that earlier epochs have taken; 0 is a new pass.
        shuffling: state of the stream ``shuffling`` from which the order of the pass
            was drawn; None where it is not shuffled, and before the first.
    """

    samples: int
    batch_size: int
    taken: int = 0
    shuffling: Mapping[str, Any] | None = None


def epochs(
    samples: Samples,
    batch_size: int,
    steps: int | None,
    shuffle: bool,
    position: Position | None = None,
) -> Iterator[Iterator[Batch]]:
    """Yield the batches of one epoch after another, for ever.

    An epoch goes through the samples once. With ``steps`` it takes so many batches,
    from where the last epoch stopped; where the samples run out it ends early, with a
    warning, and the next one starts over.

    Args:
        samples: what to go through.
        batch_size: samples in a batch.
        steps: batches in an epoch; None is all.
        shuffle: whether every pass has a new order.
        position: kept up to date as epochs are taken; where it is changed before the
            first of them, that one starts there.

    Reference: `keras/src/trainers/epoch_iterator.py`.
    """
    available = count(samples, batch_size)
    steps = steps or available
    position = position or Position(len(samples), batch_size)
    while True:
        once = _pass(samples, batch_size, shuffle, position)
        for start in range(position.taken, available, steps):
            left = min(steps, available - start)
            if left < steps:
                warnings.warn(
                    f"{samples.who}: an epoch of {steps} steps ends after {left}, "
                    f"where the {len(samples)} samples do",
                    stacklevel=5,
                )
            position.taken = (start + left) % available
            yield itertools.islice(once, left)


def _pass(
    samples: Samples, batch_size: int, shuffle: bool, position: Position
) -> Iterator[Batch]:
    """Return the batches of a pass, from the position on."""
    generator = None
    if position.taken == 0:
        stream = random.stream("shuffling").bit_generator
        position.shuffling = stream.state if shuffle else None
    elif position.shuffling is not None:
        # Drawn before: the stream itself is further on.
        generator = random.generator(position.shuffling)
    if position.shuffling is None:
        once = in_order(samples, batch_size)
    else:
        once = shuffled(samples, batch_size, generator)
    return itertools.islice(once, position.taken, None)


def as_numbers(who: str, name: str, value: Any) -> np.ndarray:
    """Return an array of real numbers, without copying one.

    Raises:
        TypeError: it is None, a generator, a tf.data set, text, ragged, complex …
    """
    if value is None or callable(value):
        raise TypeError(f"{who}: expected an array for {name}, received {value!r}")
    if _is_stream(value):
        raise TypeError(
            f"{who}: expected an array for {name}, received {value!r:.80}; generators, "
            "tf.data sets and data loaders are outside scratchnet's subset of Keras: "
            "pass arrays"
        )
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise TypeError(
            f"{who}: expected an array for {name}, received nested sequences of "
            "different lengths"
        ) from error
    if array.dtype.kind not in "buif":
        raise TypeError(
            f"{who}: expected an array of numbers for {name}, "
            f"received dtype {array.dtype}"
        )
    return array


def _is_stream(value: Any) -> bool:
    """Whether something yields items, or batches, and is no array of them."""
    if isinstance(value, Sequence | Mapping):
        return False
    if hasattr(value, "__array__") or hasattr(value, "__array_interface__"):
        return False
    return hasattr(value, "__iter__") or hasattr(value, "__getitem__")


def as_indices(indices: np.ndarray | slice) -> np.ndarray:
    """Return a slice with both its ends as the indices that it stands for."""
    if isinstance(indices, slice):
        return np.arange(indices.start, indices.stop)
    return indices


def _fit_rank(x: np.ndarray, input_shape: Shape | None) -> np.ndarray:
    """Add or drop a last dimension of 1, as Keras does for its models' inputs.

    Reference: `keras/src/models/functional.py` (_adjust_input_rank).
    """
    if input_shape is None:
        return x.reshape(-1, 1) if x.ndim == 1 else x
    if x.ndim == len(input_shape) - 1 and input_shape[-1] == 1:
        return x[..., np.newaxis]
    if x.ndim == len(input_shape) + 1 and x.shape[-1] == 1:
        return x[..., 0]
    return x


def _check_weights(who: str, weights: Any, x: np.ndarray) -> np.ndarray | None:
    if weights is None:
        return None
    weights = as_numbers(who, "sample_weight", weights).reshape(-1)
    if len(weights) != len(x) or not np.isfinite(weights).all():
        raise ValueError(
            f"{who}: expected one finite sample_weight for each of {len(x)} samples, "
            f"received shape {weights.shape}"
        )
    return weights
