"""Where batches come from: what `Epochs` asks of arrays, and of what yields batches."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np


class Source:
    """The base of `Samples`, which are arrays, and of `Stream`.

    Attributes:
        who: the method that received the data, for messages.
        name: what the data is, likewise.
        again: whether one can go through it more than once.
    """

    who: str
    name: str
    again = True

    def sizes(
        self, batch_size: int | None, steps: int | None
    ) -> tuple[int | None, int | None]:
        """Return the number of samples, and of those in a batch; None if not known."""
        raise NotImplementedError

    def count(self, batch_size: Any) -> int | None:
        """Return the number of batches in a pass; None if that is not known."""
        raise NotImplementedError

    def items(
        self, batch_size: Any, generator: np.random.Generator | None
    ) -> Iterator[Any]:
        """Return the batches of a pass, or what they are made of.

        Args:
            batch_size: from `sizes`.
            generator: what their order is drawn from; None leaves it as it is.
        """
        raise NotImplementedError

    def ahead(self, items: Iterator[Any], steps: int | None) -> Generator:
        """Yield so many items; None is all."""
        return (item for item in itertools.islice(items, steps))

    def batch(self, step: int, item: Any) -> Any:
        """Return what was yielded in a step as a `Batch`."""
        return item

    def on_epoch_begin(self) -> None:
        """Hear that an epoch begins."""

    def on_epoch_end(self) -> None:
        """Hear that an epoch is over."""

    def no_batch(self) -> ValueError:
        """Return the error for a source that yields nothing."""
        return ValueError(
            f"{self.who}: expected at least one batch, received an empty {self.name}"
        )
