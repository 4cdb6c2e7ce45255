"""Batches from anything that yields them.

A `tf.data.Dataset`, a Python generator, a `PyDataset`, PyTorch's `DataLoader`, a list
of batches that has an iterator of its own: they all are objects with ``__iter__`` that
yield x, (x,), (x, y) or (x, y, sample_weight). None of the libraries is imported.

Reference: `keras/src/trainers/data_adapters/`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

import numpy as np

from scratchnet.foundation import ahead
from scratchnet.foundation.py_dataset import PyDataset
from scratchnet.foundation.warn import warn
from scratchnet.models.batches import Batch, Samples
from scratchnet.models.source import Source

# What `cardinality` of a tf.data.Dataset says of one that is repeated for ever.
INFINITE = -1

# What the number of steps is called.
STEPS = {"fit": "steps_per_epoch", "fit: validation_data": "validation_steps"}


class Stream(Source):
    """Samples that come in batches, made ahead on a thread.

    Args:
        who: the method that received it, for messages.
        data: what yields the batches.
        take: checks (who, x, y, sample_weight) against the model, as `Samples`.
    """

    def __init__(self, who: str, data: Any, take: Callable[..., Samples]) -> None:
        self.who, self.name, self.data = who, type(data).__name__, data
        # What has its batches by number begins anew whatever `next` does.
        numbered = isinstance(data, PyDataset)
        self.again = numbered or not hasattr(data, "__next__")
        self._take = take
        self._class_weight: dict[int, float] | None = None
        self._opened: Iterator[Any] | None = None

    @property
    def endless(self) -> bool:
        """Whether the data says that it has no end."""
        cardinality = getattr(self.data, "cardinality", None)
        return callable(cardinality) and int(cardinality()) == INFINITE

    def sizes(self, batch_size: int | None, steps: int | None) -> tuple[None, None]:
        """Return that neither is known.

        Raises:
            ValueError: there is no number of steps for data that has no end.
        """
        if batch_size is not None:
            warn(
                f"{self.who}: batch_size={batch_size} has no effect: the batches of a "
                f"{self.name} stay as large as they come; leave it out"
            )
        if steps is None and self.endless:
            name = STEPS.get(self.who, "steps")
            raise ValueError(
                f"{self.who}: expected {name} for a {self.name} without an end"
            )
        return None, None

    def count(self, batch_size: Any) -> int | None:
        """Return the number of batches, if the data says it."""
        try:
            return len(self.data)
        except TypeError:
            return None

    def items(
        self, batch_size: Any, generator: np.random.Generator | None = None
    ) -> Iterator[Any]:
        """Return the batches of a pass as they come: only the data could shuffle."""
        opened, self._opened = self._opened, None
        return opened or iter(self.data)

    def ahead(self, items: Iterator[Any], steps: int | None) -> Generator:
        """Yield items while the next ones are made."""
        return ahead.ahead(items, steps)

    def first(self) -> Batch:
        """Look at the first batch, which comes first all the same.

        Raises:
            ValueError: there is none.
        """
        items = iter(self.data)
        for item in items:
            self._opened = itertools.chain([item], items)
            return self.batch(0, item)
        raise self.no_batch()

    def batch(self, step: int, item: Any) -> Batch:
        """Check a batch against the model.

        Raises:
            ValueError, TypeError: as for arrays, with the batch's number, from 0.
        """
        who = f"{self.who}: batch {step}"
        try:
            samples = self._take(who, *parts(item))
            if self._class_weight is not None:
                samples.weigh_classes(self._class_weight)
        except (TypeError, ValueError) as error:
            message = str(error).removeprefix(f"{who}: ")
            raise type(error)(f"{who}: {message}") from error
        return samples.span(0, len(samples))

    def weigh_classes(self, class_weight: dict[int, float]) -> None:
        """Give every sample to come the weight of its class."""
        self._class_weight = class_weight


class NumberedStream(Stream):
    """A `PyDataset`: its batches may be made in any order, and several at once."""

    def __init__(self, who: str, data: Any, take: Callable[..., Samples]) -> None:
        super().__init__(who, data, take)
        self.again = True

    @property
    def endless(self) -> bool:
        """Whether there is no number of batches."""
        return self.data.num_batches is None

    def count(self, batch_size: Any) -> int | None:
        """Return the number of batches."""
        return self.data.num_batches

    def items(
        self, batch_size: Any, generator: np.random.Generator | None = None
    ) -> Iterator[Any]:
        """Return what makes each of the batches."""
        count = self.data.num_batches
        numbers: Any = itertools.count() if count is None else range(count)
        if generator is not None and count is not None:
            numbers = generator.permutation(count).tolist()
        return (partial(self.data.__getitem__, number) for number in numbers)

    def ahead(self, items: Iterator[Any], steps: int | None) -> Generator:
        """Yield the batches, made by as many threads as the data set wants."""
        workers = max(1, self.data.workers)
        depth = ahead.DEPTH if workers == 1 else self.data.max_queue_size
        return ahead.results(itertools.islice(items, steps), workers, depth)

    def first(self) -> Batch:
        """Look at the first batch, which is made again when its turn comes."""
        if self.count(None) == 0:
            raise self.no_batch()
        return self.batch(0, self.data[0])

    def on_epoch_begin(self) -> None:
        """Tell the data set."""
        self.data.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Tell the data set."""
        self.data.on_epoch_end()


def stream(who: str, data: Any, take: Callable[..., Samples]) -> Stream:
    """Return the `Stream` that fits the data; Keras's own `PyDataset` is one, too."""
    known = isinstance(data, PyDataset) or hasattr(data, "max_queue_size")
    kind = NumberedStream if known else Stream
    return kind(who, data, take)


def refuse_beside(who: str, data: Any, **given: Any) -> None:
    """Require that what comes with the batches is not given beside them.

    Raises:
        ValueError: it is.
    """
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"{who}: expected no {name} beside a {type(data).__name__}; let it "
                "yield (x, y) or (x, y, sample_weight)"
            )


def parts(item: Any) -> tuple[Any, ...]:
    """Return x, or x and y, or x, y and sample weights, of what a source yields.

    Raises:
        ValueError: it is a tuple of more.

    Reference: `keras/src/trainers/data_adapters/data_adapter_utils.py`
    (unpack_x_y_sample_weight).
    """
    if not isinstance(item, tuple | list):
        return (item,)
    if len(item) not in (1, 2, 3):
        raise ValueError(
            "expected (x,), (x, y) or (x, y, sample_weight), received a "
            f"{type(item).__name__} of {len(item)}"
        )
    return tuple(item)
