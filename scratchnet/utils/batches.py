"""Data that are made as they are gone through: what folders of images are read as."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

import numpy as np

from scratchnet.foundation import ahead, arguments
from scratchnet.foundation.outside import missing
from scratchnet.foundation.tensor import as_tensor

INFINITE, UNKNOWN = -1, -2  # what `cardinality` says, as tf.data does


class Dataset:
    """Elements that are made anew each time somebody goes through them.

    An element is an array, or a tuple of arrays: a batch (images, labels). The methods
    are those that notebooks call on a `tf.data.Dataset`, and each returns another data
    set. Nothing is read or computed before it is asked for.

    Args:
        make: returns an iterator over the elements.
        count: how many there are; None where that is not known, `INFINITE` for ever.

    Attributes:
        class_names: of what `image_dataset_from_directory` returned.
        file_paths: likewise, in the order before shuffling.

    >>> data = Dataset(lambda: iter([np.arange(3), np.arange(2)]), 2)
    >>> [int(x.sum()) for x in data.map(lambda x: x + 1)]
    [6, 3]
    >>> len(data), len(data.repeat(3)), [len(x) for x in data.unbatch().batch(4)]
    (2, 6, [4, 1])
    """

    class_names: list[str] | None
    file_paths: list[str]

    def __init__(self, make: Callable[[], Iterator[Any]], count: int | None) -> None:
        self._make, self._count = make, count

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """Return the samples of an array, or of several arrays of one length.

        Args:
            tensors: x of shape (N, ...), or a tuple such as (x, y).

        Raises:
            ValueError: they are of different lengths.

        >>> data = Dataset.from_tensor_slices(([1, 2, 3], [4, 5, 6])).batch(2)
        >>> [len(y) for x, y in data]
        [2, 1]
        """
        together = isinstance(tensors, tuple)
        arrays = [np.asarray(one) for one in (tensors if together else (tensors,))]
        counts = {len(one) for one in arrays}
        if len(counts) != 1:
            raise ValueError(
                "Dataset.from_tensor_slices: expected arrays of one length, received "
                f"{', '.join(str(len(one)) for one in arrays)}"
            )

        def make() -> Iterator[Any]:
            return zip(*arrays, strict=True) if together else iter(arrays[0])

        return Dataset(make, counts.pop())

    @staticmethod
    def zip(*datasets: Any) -> Dataset:
        """Go through several data sets side by side, until one of them ends.

        Args:
            datasets: what is to be put together; a tuple of data sets does as well.

        >>> data = Dataset.zip(Dataset.range(3), Dataset.range(5, 7))
        >>> [(int(x), int(y)) for x, y in data], len(data)
        ([(0, 5), (1, 6)], 2)
        """
        parts = datasets[0] if isinstance(datasets[0], tuple) else datasets
        counts = [part._count for part in parts if part._count != INFINITE]
        known = [count for count in counts if count is not None]
        unknown = len(known) < len(counts)
        return Dataset(
            lambda: zip(*(part._make() for part in parts), strict=False),
            None if unknown else min(known, default=INFINITE),
        )

    @staticmethod
    def range(*limits: int) -> Dataset:
        """Return the integers of Python's range.

        >>> [int(x) for x in Dataset.range(2, 5)]
        [2, 3, 4]
        """
        return Dataset.from_tensor_slices(np.arange(*limits))

    def __iter__(self) -> Iterator[Any]:
        """Yield the elements; arrays have a method ``numpy()``."""
        return (_each(as_tensor, item) for item in self._make())

    def __len__(self) -> int:
        """Return the number of elements.

        Raises:
            TypeError: it is not known, or there is no end.
        """
        if self._count is None or self._count == INFINITE:
            raise TypeError("Dataset: the number of elements is not known")
        return self._count

    def cardinality(self) -> Any:
        """Return the number of elements; −1 without an end, −2 if it is not known."""
        return as_tensor(np.int64(UNKNOWN if self._count is None else self._count))

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Yield the elements as plain arrays."""
        return (_each(np.asarray, item) for item in self._make())

    @property
    def element_spec(self) -> Any:
        """Shape and dtype of the first element's arrays."""
        return _each(lambda x: (x.shape, x.dtype), next(iter(self)))

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
    ) -> Dataset:
        """Call a function on each element: on x, or on (x, y).

        Args:
            map_func: what is called, with plain arrays.
            num_parallel_calls: accepted for tf.data's sake: one thread calls, since
                layers that draw at random count their calls.
            deterministic: likewise; the order stays.
        """

        def make() -> Iterator[Any]:
            for item in self:
                yield map_func(*item) if isinstance(item, tuple) else map_func(item)

        return Dataset(make, self._count)

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """Keep the elements of which a function says so."""

        def make() -> Iterator[Any]:
            for item in self:
                if predicate(*item) if isinstance(item, tuple) else predicate(item):
                    yield item

        return Dataset(make, None)

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
    ) -> Dataset:
        """Put so many elements into one, stacked.

        Args:
            batch_size: how many.
            drop_remainder: whether the last one is left out if it has fewer.
            num_parallel_calls: accepted for tf.data's sake.
            deterministic: likewise.
        """
        size = arguments.positive_int("Dataset.batch", "batch_size", batch_size)

        def make() -> Iterator[Any]:
            items = self._make()
            while group := list(itertools.islice(items, size)):
                if len(group) == size or not drop_remainder:
                    yield _stacked(group)

        count = self._count
        if count is not None and count >= 0:
            count = count // size if drop_remainder else -(-count // size)
        return Dataset(make, count)

    def unbatch(self) -> Dataset:
        """Take the elements apart, along the first dimension."""

        def make() -> Iterator[Any]:
            for item in self._make():
                parts = item if isinstance(item, tuple) else (item,)
                for own in zip(*parts, strict=True):
                    yield own if isinstance(item, tuple) else own[0]

        return Dataset(make, None)

    def cache(self, filename: str = "") -> Dataset:
        """Keep the elements in memory once they have been gone through to the end.

        Args:
            filename: "": there is no cache on the disk.

        Raises:
            NotImplementedError: there is a filename.
        """
        if filename:
            raise NotImplementedError(
                f"Dataset.cache: filename={filename!r} is outside scratchnet's subset; "
                "it keeps elements in memory: leave it out"
            )
        kept: list[Any] = []

        def make() -> Iterator[Any]:
            if kept:
                yield from kept
                return
            met = []
            for item in self._make():
                met.append(item)
                yield item
            kept[:] = met

        return Dataset(make, self._count)

    def prefetch(self, buffer_size: int) -> Dataset:
        """Make the next elements on a thread, while this one is used.

        Args:
            buffer_size: how many; tf.data's AUTOTUNE, −1, makes two.
        """
        if buffer_size != INFINITE:
            arguments.positive_int("Dataset.prefetch", "buffer_size", buffer_size)

        def make() -> Iterator[Any]:
            with closing(ahead.ahead(self._make())) as items:
                yield from items

        return Dataset(make, self._count)

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool = True,
    ) -> Dataset:
        """Give out elements in a random order, each time another one.

        Of ``buffer_size`` elements that are kept one is drawn, and the next one takes
        its place: a small buffer mixes neighbours only.

        Args:
            buffer_size: how many are kept.
            seed: of the order; None draws one.
            reshuffle_each_iteration: whether every pass has an order of its own.
        """
        size = arguments.positive_int("Dataset.shuffle", "buffer_size", buffer_size)
        start = np.random.randint(2**31) if seed is None else seed  # noqa: NPY002
        passes = itertools.count()

        def make() -> Iterator[Any]:
            number = next(passes) if reshuffle_each_iteration else 0
            return shuffled(self._make(), size, np.random.default_rng([start, number]))

        return Dataset(make, self._count)

    def take(self, count: int) -> Dataset:
        """Return the first elements; −1 is all of them."""
        if count == INFINITE:
            return self
        known = self._count
        taken = count if known == INFINITE else known and min(known, count)
        return Dataset(lambda: itertools.islice(self._make(), count), taken)

    def skip(self, count: int) -> Dataset:
        """Leave out the first elements."""
        left = self._count
        if left is not None and left >= 0:
            left = max(0, left - count)
        return Dataset(lambda: itertools.islice(self._make(), count, None), left)

    def repeat(self, count: int | None = None) -> Dataset:
        """Go through the elements again and again; None or −1 is for ever."""
        if count is None or count == INFINITE:
            passes: Callable[[], Iterable[int]] = itertools.count
            total: int | None = INFINITE
        else:
            passes = lambda: itertools.repeat(0, count)  # noqa: E731
            total = None if self._count is None else self._count * count

        def make() -> Iterator[Any]:
            for _ in passes():
                yield from self._make()

        return Dataset(make, total)

    def enumerate(self, start: int = 0) -> Dataset:
        """Give every element its number."""
        return Dataset(
            lambda: zip(itertools.count(start), self._make(), strict=False), self._count
        )

    def concatenate(self, dataset: Dataset) -> Dataset:
        """Go through another data set behind this one."""
        counts = self._count, dataset._count
        known = all(count is not None and count >= 0 for count in counts)
        return Dataset(
            lambda: itertools.chain(self._make(), dataset._make()),
            sum(count or 0 for count in counts) if known else None,
        )

    def __getattr__(self, name: str) -> Any:
        """Say what tf.data has and this has not."""
        return missing(self, name)

    def __repr__(self) -> str:
        """Show the number of elements."""
        return f"<Dataset of {'?' if self._count is None else self._count} elements>"


def shuffled(
    items: Iterator[Any], size: int, generator: np.random.Generator
) -> Iterator[Any]:
    """Yield items in a random order, with at most ``size`` of them in memory."""
    buffer = list(itertools.islice(items, size))
    for item in items:
        at = int(generator.integers(len(buffer)))
        yield buffer[at]
        buffer[at] = item
    for at in generator.permutation(len(buffer)):
        yield buffer[at]


def _each(function: Callable[[Any], Any], item: Any) -> Any:
    if isinstance(item, tuple):
        return tuple(_each(function, part) for part in item)
    return function(np.asarray(item))


def _stacked(group: list[Any]) -> Any:
    if isinstance(group[0], tuple):
        return tuple(_stacked(list(part)) for part in zip(*group, strict=True))
    return np.stack([np.asarray(item) for item in group])
