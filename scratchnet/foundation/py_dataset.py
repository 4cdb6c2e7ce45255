"""A data set in batches, each of which can be asked for by its number."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from scratchnet.foundation import arguments
from scratchnet.foundation.outside import refuse


class PyDataset:
    """The base of data sets that are written as batches by number.

    A subclass writes ``__getitem__``, which returns batch i as (x,), (x, y) or
    (x, y, sample_weight), and ``__len__``, the number of batches. `fit` goes through
    them in a new order each epoch, or with ``shuffle=False`` in theirs; the samples
    of a batch stay together. Batches are made ahead, on threads.

    Args:
        workers: threads that make batches; with more than one, ``__getitem__`` is
            called for several at once. The order of the batches stays.
        use_multiprocessing: False: Numba's threads don't live through a fork.
        max_queue_size: batches that may wait to be taken where there are several
            workers; otherwise there are two.

    Raises:
        ValueError: workers or max_queue_size is no integer in its range.
        NotImplementedError: use_multiprocessing is True.

    Reference: `keras/src/trainers/data_adapters/py_dataset_adapter.py`.

    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         return [[index]], [index**2]
    >>> list(Squares())
    [([[0]], [0]), ([[1]], [1]), ([[2]], [4])]
    """

    # A subclass need not call the constructor.
    workers = 1
    max_queue_size = 10

    def __init__(
        self,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ) -> None:
        who = type(self).__name__
        self.workers = arguments.count(who, "workers", workers, 1, least=0)
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = arguments.positive_int(
            who, "max_queue_size", max_queue_size
        )

    @property
    def use_multiprocessing(self) -> bool:
        """False: batches are made on threads."""
        return False

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        refuse(type(self).__name__, "use_multiprocessing", value, False)

    def __getitem__(self, index: int) -> Any:
        """Return a batch."""
        raise NotImplementedError

    @property
    def num_batches(self) -> int | None:
        """The number of batches; a subclass that has no end returns None here.

        Raises:
            NotImplementedError: there is neither this nor ``__len__``.
        """
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            f"{type(self).__name__}: write __len__, which returns the number of batches"
        )

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches in their order."""
        count = self.num_batches
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    def on_epoch_begin(self) -> None:
        """Do what is to be done before an epoch."""

    def on_epoch_end(self) -> None:
        """Do what is to be done after an epoch and, as in Keras, before the first."""
